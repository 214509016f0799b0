"""Planning a run: select, screen, compose and write, at two sizes of ward; and the preview of the larger one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, text

from bench.measurement import Lap, Result, of_laps, timed
from bench.stage import KEY, OCCURRENCE, roomy
from oshirase.adapters import embedded
from oshirase.adapters.database import CAMPAIGN_ROLE, create_records_engine, migrate
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.services.campaign_run import open_campaign_run
from oshirase.services.planning import plan_notices
from oshirase.services.preview import preview

RESIDENTS = 1_000_000
SMALLER = RESIDENTS // 10
# Two in five heads of household, who are every other resident.
COHORT_SHARE = 0.2


@dataclass(frozen=True)
class Ward:
    """A ward on a PostgreSQL of its own."""

    engine: Engine
    residents: int

    @property
    def cohort(self) -> int:
        """Who has not paid the latest instalment."""
        return int(self.residents * COHORT_SHARE)


def measure_planning() -> list[Result]:
    """Ten times the cohort costs at most twelve times the time: the larger is compared with the smaller."""
    with ward_of(SMALLER) as ward:
        smaller = of_laps(f"planning, {SMALLER:,} residents", ward.cohort, [plan(ward)])
    with ward_of(RESIDENTS) as ward:
        previewed = of_laps(f"preview, {RESIDENTS:,} residents", RESIDENTS, [look_ahead(ward)])
        larger = of_laps(f"planning, {RESIDENTS:,} residents", ward.cohort, [plan(ward)], peer=smaller)
    return [smaller, larger, previewed]


def plan(ward: Ward) -> Lap:
    """A whole run: one notice for each cohort member."""
    campaign, city = roomy(load_campaign("nhi_overdue")), load_city()
    run = open_campaign_run(ward.engine, campaign.name, OCCURRENCE, OCCURRENCE, "bench")
    with timed() as lap:
        plan_notices(ward.engine, campaign, city, run, OCCURRENCE, "bench", KEY)
    with ward.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from ledger.notice")) == ward.cohort
    return lap


def look_ahead(ward: Ward) -> Lap:
    """What a person asks for before a run; nothing is written."""
    campaign, city = roomy(load_campaign("nhi_overdue")), load_city()
    with timed() as lap:
        found = preview(ward.engine, campaign, city, OCCURRENCE, OCCURRENCE, KEY)
    assert found.cohort == ward.cohort
    return lap


@contextmanager
def ward_of(residents: int) -> Iterator[Ward]:
    """Records of so many residents, analysed as after a load."""
    with TemporaryDirectory(prefix="oshirase-bench-") as folder, embedded.start_server(Path(folder) / "pg") as server:
        url = embedded.database_url(server, "bench")
        owner, engine = create_records_engine(url), create_records_engine(url, CAMPAIGN_ROLE)
        migrate(owner)
        statement = (Path(__file__).parent / "sql" / "insert_ward.sql").read_text(encoding="utf-8")
        with owner.begin() as connection:
            connection.execute(text(statement), {"residents": residents})
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze"))
        owner.dispose()
        yield Ward(engine, residents)
        engine.dispose()
