"""How long what concerns single persons is kept; statistics, events and keyed hashes stay."""

from pydantic import Field, model_validator

from oshirase.domain.settings import Settings


class Retention(Settings):
    """Days after which personal data go, counted from the end of what they were needed for (docs/personal-data.md)."""

    notices_days: int = Field(default=90, ge=30)
    """Telephone numbers and texts of notices: after the last receipt, or whatever else ended a notice. Numbers that
    residents do not have any more, too."""
    subjects_days: int = Field(default=180, ge=30)
    """Whom a notice was about: after the last run of its season, when its effect has been measured."""
    records_days: int = Field(default=365, ge=30)
    """What the business system does not deliver any more, or delivers otherwise: after the end of the fiscal year in
    which it ended."""
    loads_days: int = Field(default=90, ge=7)
    """Rows of extracts that were rejected, and files that were refused."""
    files_days: int = Field(default=30, ge=7)
    """Files in the folders of extracts and consoles that have been dealt with."""
    accesses_days: int = Field(default=1095, ge=365)
    """Whom somebody looked up; that somebody did stays."""

    @model_validator(mode="after")
    def _subjects_outlive_numbers(self) -> "Retention":
        if self.subjects_days < self.notices_days:
            raise ValueError("subjects_days は notices_days 以上にしてください")
        # Measuring a season asks the records for everybody who was in it.
        if self.records_days < self.subjects_days:
            raise ValueError("records_days は subjects_days 以上にしてください")
        return self
