"""Who works where: what the administrator's file of staff says."""

from typing import Annotated

from pydantic import Field, model_validator

from oshirase.domain.settings import Settings, Text


class StaffMember(Settings):
    """An account to sign in with."""

    name: Annotated[Text, Field(pattern=r"^[A-Za-z0-9._-]+$", max_length=64)]
    """The user name; it stands beside what the person decided."""
    full_name: Text
    roles: tuple[Text, ...] = Field(min_length=1)
    """clerk-SECTION, approver-SECTION, auditor or administrator; a person may have several."""
    mail: Text | None = None
    password: str | None = Field(default=None, min_length=12, repr=False)
    """Only of a new account; without it, it is asked for."""


class Staff(Settings):
    """All accounts that a file is about."""

    users: tuple[StaffMember, ...]

    @model_validator(mode="after")
    def _names_differ(self) -> "Staff":
        names = [member.name.lower() for member in self.users]
        if len(set(names)) < len(names):
            raise ValueError("同じ利用者名が2回書かれています")
        return self
