"""The ward's residents in the records: those there at the start, and what becomes known of them as time goes on.

They come as a business system's files, through the drop folder and the product's own loading.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from oshirase.adapters.database import INGEST_ROLE, create_records_engine
from oshirase.adapters.drop_folder import DropFolder
from oshirase.adapters.settings import load_ingest, load_layouts
from oshirase.services.extracts import FileReport, Intake
from sandbox.stack.errors import StackError
from sandbox.ward import Message, WardSpec, WardTime
from sandbox.ward.extract_faults import PlantedFault
from sandbox.ward.extracts import write_extracts, write_later_extracts

WARD = "ward.json"
# As many rows of a real export are wrong.
FAULT_SHARE = 0.001
KNOWN_UNTIL = "select max(as_of) from records.load where extract = 'payment'"
REJECTED = """
select l.extract, r.line_number, r.column_name, r.code
from records.load_reject as r inner join records.load as l using (load_id)
where l.as_of = :as_of
"""


@dataclass
class Residents:
    """A ward in a records database; `folder` is where its extracts are dropped."""

    database_url: str
    folder: Path
    ward: WardSpec
    known_until: datetime

    @cached_property
    def time(self) -> WardTime:
        """What is still to come; made when it is first asked for, as it takes a while."""
        return WardTime(self.ward)

    def live_until(self, moment: datetime, messaged: Sequence[Message]) -> int:
        """Load what becomes known until `moment`, given all messages that telephones got so far; the rows loaded."""
        if moment <= self.known_until:
            return 0
        arrivals = self.time.arrivals(self.known_until, moment, messaged)
        with _engine(self.database_url) as engine:
            intake = _intake(engine, self.folder, moment)
            write_later_extracts(arrivals, intake.folder.drop, moment)
            reports = _take(intake)
        self.known_until = moment
        return sum(report.load.changed for report in reports if report.load)


def load_residents(database_url: str, ward: WardSpec, folder: Path, *, known_first_at: datetime) -> Residents:
    """The ward in the database, exported and loaded when it is not there yet, as of two moments, one after the other.

    The export of the first moment has faults, as real ones have; the later one is the ward as it is at its `as_of`.

    Raises:
        StackError: another ward is there, a file was refused, or the rejected rows are not the faulty ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _engine(database_url) as engine:
        if (folder / WARD).exists():
            residents = residents_of(database_url, folder)
            if residents.ward != ward:
                raise StackError(f"{folder} holds another ward: remove it with `make clean`")
            return residents
        for known_at, fault_share in ((known_first_at, FAULT_SHARE), (ward.as_of, 0.0)):
            intake = _intake(engine, folder, known_at)
            planted = write_extracts(ward, intake.folder.drop, known_at=known_at, fault_share=fault_share)
            _take(intake)
            _compare(engine, planted, known_at)
            _analyze(database_url)
    spec = {"seed": ward.seed, "size": ward.size, "as_of": ward.as_of.isoformat()}
    (folder / WARD).write_text(json.dumps(spec), encoding="utf-8")
    return residents_of(database_url, folder)


def residents_of(database_url: str, folder: Path) -> Residents:
    """The ward that the database holds. Raises StackError when it holds none."""
    if not (folder / WARD).exists():
        raise StackError("the records hold no synthetic ward: start with `make up` or `make demo`")
    spec = json.loads((folder / WARD).read_text(encoding="utf-8"))
    ward = WardSpec(spec["seed"], spec["size"], datetime.fromisoformat(spec["as_of"]))
    with _engine(database_url) as engine, engine.connect() as connection:
        return Residents(database_url, folder, ward, connection.scalar(text(KNOWN_UNTIL)) or ward.as_of)


def _analyze(database_url: str) -> None:
    """What the server does by itself a minute later: without statistics every question takes fifty times as long."""
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text("analyze"))
    finally:
        engine.dispose()


@contextmanager
def _engine(database_url: str) -> Iterator[Engine]:
    engine = create_records_engine(make_url(database_url).set(drivername="postgresql+psycopg"), INGEST_ROLE)
    try:
        yield engine
    finally:
        engine.dispose()


def _intake(engine: Engine, folder: Path, moment: datetime) -> Intake:
    # We wrote the files ourselves: nobody is still writing to them.
    ingest = load_ingest().model_copy(update={"settle_seconds": 0})
    return Intake(engine, DropFolder(folder, ingest), load_layouts(), lambda: moment)


def _take(intake: Intake) -> list[FileReport]:
    reports = intake.take_all()
    if refused := [report.sentence for report in reports if report.is_refused]:
        raise StackError(f"the ward's extracts were refused: {'; '.join(refused)}")
    return reports


def _compare(engine: Engine, planted: list[PlantedFault], as_of: datetime) -> None:
    """The reports on the files of a moment have to name exactly the rows that were made faulty."""
    tables = {layout.name: layout.table for layout in load_layouts()}
    wanted = Counter((tables[fault.layout], fault.line, fault.column, fault.code) for fault in planted)
    with engine.connect() as connection:
        found = Counter(tuple(row) for row in connection.execute(text(REJECTED), {"as_of": as_of}))
    if found != wanted:
        raise StackError(
            f"{(found - wanted).total()} good rows were rejected, {(wanted - found).total()} faulty ones not"
        )
