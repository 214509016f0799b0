"""The ward's residents in the records: those there at the start, and what becomes known of them as time goes on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import create_engine, text

from sandbox.stack.errors import StackError
from sandbox.ward import WardSpec, WardTime, load_facts, load_ward

LOADED = "select file_name, min(as_of) as first_at, max(as_of) as last_at from records.load group by file_name"


@dataclass
class Residents:
    """A ward in a records database; `known_until` is the time up to which the records know it."""

    database_url: str
    ward: WardSpec
    known_until: datetime

    @cached_property
    def time(self) -> WardTime:
        """What is still to come; made when it is first asked for, as it takes a while."""
        return WardTime(self.ward)

    def live_until(self, moment: datetime, texted: Mapping[str, datetime]) -> int:
        """Load what becomes known until `moment`, given when each telephone (E.164) got a message; the rows loaded."""
        if moment <= self.known_until:
            return 0
        arrivals = self.time.arrivals(self.known_until, moment, texted)
        report = load_facts(self.database_url, arrivals, self.ward, moment)
        self.known_until = moment
        return report.total


def load_residents(database_url: str, ward: WardSpec) -> Residents:
    """The ward in the database, loaded when it is empty.

    Raises:
        OshiraseError: it holds another ward.
    """
    load_ward(database_url, ward)
    return Residents(database_url, ward, _loaded(database_url)[1])


def residents_of(database_url: str) -> Residents:
    """The ward that the database holds. Raises StackError when it holds none."""
    ward, known_until = _loaded(database_url)
    return Residents(database_url, ward, known_until)


def _loaded(database_url: str) -> tuple[WardSpec, datetime]:
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            loads = connection.execute(text(LOADED)).all()
    finally:
        engine.dispose()
    named = [(re.search(r"seed-(\d+)/size-(\d+)$", load.file_name), load) for load in loads]
    for match, load in named:
        if match:
            return WardSpec(int(match[1]), int(match[2]), load.first_at), load.last_at
    raise StackError("the records hold no synthetic ward: start with `make up` or `make demo`")
