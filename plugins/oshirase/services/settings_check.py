"""All settings files and texts, read at once: everything that is wrong with any of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Engine

from oshirase.adapters.settings import (
    campaign_names,
    console_names,
    load_campaign,
    load_city,
    load_console,
    load_ingest,
    load_layouts,
)
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import USUAL_OFFICE, OfficeCalendar
from oshirase.domain.campaign import Campaign
from oshirase.domain.extract import Layout
from oshirase.errors import BadSettings
from oshirase.services.planning import composer_of
from oshirase.services.texts import ComposedText

T = TypeVar("T")


@dataclass(frozen=True)
class SampleText:
    """A variant's text with fields made up."""

    campaign: Campaign
    text: ComposedText


@dataclass
class SettingsCheck:
    """What could be read, and what is wrong: a sentence each, with file and key."""

    # Without the city's file: the days on which city offices are closed as a rule.
    office: OfficeCalendar = USUAL_OFFICE
    campaigns: list[Campaign] = field(default_factory=list)
    layouts: list[Layout] = field(default_factory=list)
    texts: list[SampleText] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def read(self, load: Callable[[], T]) -> T | None:
        """What a file says; None with its problems noted."""
        try:
            return load()
        except BadSettings as error:
            # A mistake in the city's file comes again with every campaign.
            self.note(str(error).splitlines())
        return None

    def note(self, problems: Sequence[str]) -> None:
        """Keep what is new among the problems."""
        self.problems += [problem for problem in dict.fromkeys(problems) if problem not in self.problems]


def check_settings(names: Sequence[str] = ()) -> SettingsCheck:
    """Read every settings file, and compose every variant of the named campaigns (none named: all).

    Raises:
        UnknownCampaign: a name that no settings file has.
    """
    check = SettingsCheck()
    if city := check.read(load_city):
        check.office = city.office()
    check.read(load_ingest)
    check.layouts = check.read(load_layouts) or []
    for console in check.read(console_names) or []:
        check.read(lambda console=console: load_console(console))  # type: ignore[misc]
    for name in names or campaign_names():
        campaign = check.read(lambda name=name: load_campaign(name))  # type: ignore[misc]
        if campaign is not None and city is not None:
            composer = composer_of(campaign, city)
            check.campaigns.append(campaign)
            check.texts += [SampleText(campaign, composer.sample(variant)) for variant in campaign.variants]
            check.note([f"config/campaigns/{name}.toml: {finding}" for finding in composer.findings([])])
    return check


def check_columns(engine: Engine, layouts: Sequence[Layout]) -> list[str]:
    """Columns of the layouts that the records do not have: a sentence each."""
    with engine.connect() as connection:
        columns = {row.table_name: set(row.columns) for row in connection.execute(statement("extract/list_columns"))}
    return [problem for layout in layouts for problem in _column_problems(layout, columns.get(layout.table))]


def _column_problems(layout: Layout, known: set[str] | None) -> Iterator[str]:
    # Here, not above: pandas takes most of a second.
    from oshirase.services.extract_rows import records_columns

    file = f"config/extracts/{layout.name}.toml"
    if known is None:
        yield f"{file}: table: データベースに records.{layout.table} がありません。"
        return
    for column in records_columns(layout):
        if column not in known:
            yield f"{file}: columns.{column}: records.{layout.table} にこの列がありません。"
