"""Loading extracts: each of a ward's files once, then a million payments twice; reading telephone numbers in bulk."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import phonenumbers
from phonenumbers import PhoneNumberType
from sqlalchemy import Engine

from bench.measurement import Lap, Result, of_laps, timed
from oshirase.adapters import embedded
from oshirase.adapters.database import INGEST_ROLE, create_records_engine, migrate
from oshirase.adapters.settings import load_layouts
from oshirase.domain.calendar import JST
from oshirase.domain.extract import Layout
from oshirase.domain.phone import read_phones
from oshirase.services.ingest import Load, load_extract
from sandbox.ward import WardSpec
from sandbox.ward.extracts import extract_path, write_extracts

AS_OF = datetime(2026, 10, 2, 6, 0, tzinfo=JST)
WARD = WardSpec(20261002, 60_000, AS_OF)
PAYMENTS = 1_000_000
NUMBERS = 200_000
HEADINGS = "収納番号,調定番号,収納額,領収日,納付方法,速報確報区分"


def measure_extracts() -> list[Result]:
    """Every extract of a ward of 60,000 residents, then payments at the size of the issue."""
    with TemporaryDirectory(prefix="oshirase-bench-") as name, records(Path(name) / "postgres") as engine:
        folder = Path(name)
        write_extracts(WARD, folder)
        paths = [(layout, extract_path(folder, layout, AS_OF)) for layout in load_layouts()]
        results = [load_once(engine, layout, path) for layout, path in paths if path.exists()]
    with TemporaryDirectory(prefix="oshirase-bench-") as name, records(Path(name) / "postgres") as engine:
        return results + measure_payments(engine, Path(name))


def measure_payments(engine: Engine, folder: Path) -> list[Result]:
    """A million payments that are new, and the same file again a day later."""
    layout = next(layout for layout in load_layouts() if layout.name == "payments")
    path = extract_path(folder, layout, AS_OF)
    write_payments(path)
    new, unchanged = (
        load(engine, layout, path, AS_OF + timedelta(days=days), expected)
        for days, expected in enumerate(("new", "same"))
    )
    return [
        of_laps("payments loaded, all new", PAYMENTS, [new]),
        of_laps("payments loaded, all unchanged", PAYMENTS, [unchanged]),
    ]


@contextmanager
def records(folder: Path) -> Iterator[Engine]:
    """Empty records on a PostgreSQL of their own, for the role that loads."""
    with embedded.start_server(folder) as server:
        url = embedded.database_url(server, "bench")
        owner, engine = create_records_engine(url), create_records_engine(url, INGEST_ROLE)
        migrate(owner)
        owner.dispose()
        yield engine
        engine.dispose()


def load_once(engine: Engine, layout: Layout, path: Path) -> Result:
    """One file into a table that was empty."""
    with timed() as lap:
        loaded = load_extract(engine, layout, path, AS_OF, AS_OF)
    assert loaded.rejected == 0
    return of_laps(f"extract {layout.name}", loaded.read, [lap])


def load(engine: Engine, layout: Layout, path: Path, as_of: datetime, expected: str) -> Lap:
    """A file of a million payments; says so when it did not do what it should."""
    with timed() as lap:
        loaded: Load = load_extract(engine, layout, path, as_of, as_of)
    assert (loaded.changed if expected == "new" else loaded.unchanged) == PAYMENTS
    return lap


def write_payments(path: Path) -> None:
    """As a vendor's system writes them: CP932, era dates, commas."""
    with path.open("w", encoding="cp932", newline="") as file:
        file.write(f"{HEADINGS}\r\n")
        for number in range(PAYMENTS):
            amount, day = f"{12_000 + number % 500:,}", f"R8.{number % 12 + 1}.{number % 28 + 1}"
            file.write(f'{number:010d},{number // 2:010d},"{amount}",{day},コンビニ,確報\r\n')


def measure_phones(laps: int) -> list[Result]:
    """Clean numbers in bulk, beside the library alone: parse, valid, type."""
    numbers = [
        f"0{prefix}0{number:08d}" for number in range(10_000_000, 10_000_000 + NUMBERS // 4) for prefix in "6789"
    ]
    ours, library = [], []
    for _ in range(laps):
        with timed() as lap:
            phones = read_phones(numbers)
        ours.append(lap)
        assert all(phones.e164)
        with timed() as lap:
            mobiles = sum(is_mobile(number) for number in numbers[: NUMBERS // 10])
        library.append(lap)
        assert mobiles == NUMBERS // 10
    alone = of_laps("phonenumbers alone", NUMBERS // 10, library)
    return [alone, of_laps("telephone numbers in bulk", NUMBERS, ours, peer=alone)]


def is_mobile(number: str) -> bool:
    """As somebody would write it with the library."""
    parsed = phonenumbers.parse(number, "JP")
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) == PhoneNumberType.MOBILE
