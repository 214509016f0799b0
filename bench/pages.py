"""Pages of a run of 200,000 notices, beside a bare count of its notices by state."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from bench.measurement import Lap, Result, of_laps, timed
from bench.stage import KEY
from oshirase.adapters import embedded
from oshirase.adapters.database import SETTING, campaign_engine, create_records_engine, migrate
from oshirase.adapters.secret import SETTING as KEY_SETTING
from oshirase.web.app import build_app
from oshirase.web.visitor import Visitor

NOTICES = 200_000
# With which the run is compared, and among whose notices its own lie.
EARLIER = ("2026-07-02", "2026-08-04", "2026-09-02")
EARLIER_NOTICES = 40_000
SENT, UNSENT = "2026-10-02", "2026-11-05"
OURS = frozenset({"nhi_overdue"})
CLERK = Visitor("bench", OURS, OURS)
BARE = "select state, count(*) from ledger.notice where campaign_run_id = :run group by state"
STOP = (
    "update ledger.campaign_run set closed_as = 'stopped', closed_at = now(), closed_by = 'bench', closed_reason = 'x'"
    " where campaign_run_id = :run"
)


def measure_pages(laps: int) -> list[Result]:
    """All pages over a run that was handed over, the same run stopped, and one that waits for its approval."""
    with TemporaryDirectory(prefix="oshirase-bench-") as folder, pages(Path(folder)) as (owner, client):
        for day in EARLIER:
            insert_run(owner, day, EARLIER_NOTICES)
        sent, unsent = insert_run(owner, SENT, NOTICES), insert_run(owner, UNSENT, NOTICES)
        write(owner, statement("make_unsent"), campaign_run_id=unsent)
        write(owner, "delete from ledger.approval where campaign_run_id = :run", run=unsent)
        vacuum(owner)
        shown = [
            *beside_count(client, sent, f"/runs/{sent}", "run page, handed over", laps),
            *beside_count(client, sent, f"/runs/{sent}/report", "run report", laps),
            *beside_count(client, sent, f"/runs/{sent}/notices", "list", laps),
            *beside_count(client, sent, f"/runs/{sent}/notices?sort=-changed", "list by change", laps),
            *beside_count(client, sent, f"/runs/{sent}/notices?carrier=au&find=1234", "list, searched", laps),
            *beside_count(client, sent, "/campaigns/nhi_overdue", "campaign page", laps),
            *beside_count(client, sent, "/", "home", laps),
            *beside_count(client, sent, "/occurrences?whole=true", "occurrences", laps),
            *beside_count(client, unsent, f"/runs/{unsent}", "run page, awaiting approval", laps),
        ]
        write(owner, STOP, run=sent)
        return [*shown, *beside_count(client, sent, f"/runs/{sent}", "run page, stopped", laps)]


def beside_count(client: TestClient, run: UUID, path: str, name: str, laps: int) -> list[Result]:
    """A page by turns with the bare count; one of each that nobody measures goes first."""
    counted, opened = [], []
    for _ in range(laps + 1):
        counted.append(time_of(lambda: count(run)))
        opened.append(time_of(lambda: open_page(client, path)))
    bare = of_laps(f"bare count beside {name}", 1, counted[1:])
    return [bare, of_laps(name, 1, opened[1:], peer=bare)]


def time_of(work: Callable[[], None]) -> Lap:
    """One repetition."""
    with timed() as lap:
        work()
    return lap


def open_page(client: TestClient, path: str) -> None:
    """What a browser asks for."""
    assert client.get(path).status_code == 200


def count(run: UUID) -> None:
    """As anybody would count, through the same engine."""
    with campaign_engine().connect() as connection:
        assert connection.execute(text(BARE), {"run": run}).all()


def insert_run(owner: Engine, day: str, notices: int) -> UUID:
    """A run in the ledger, written past its triggers."""
    with owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        binds = {"occurrence_on": day, "notices": notices}
        run: UUID = connection.execute(text(statement("insert_sent_run")), binds).scalar_one()
    return run


def write(owner: Engine, query: str, **binds: object) -> None:
    """Past the triggers too."""
    with owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(query), binds)


def vacuum(owner: Engine) -> None:
    """As the server does by itself after a while."""
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def statement(name: str) -> str:
    """The text of a statement of the benches."""
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


@contextmanager
def pages(folder: Path) -> Iterator[tuple[Engine, TestClient]]:
    """The pages as a clerk opens them, on a PostgreSQL of their own."""
    with embedded.start_server(folder / "postgres") as server:
        url = embedded.database_url(server, "bench")
        owner = create_records_engine(url)
        migrate(owner)
        os.environ |= {SETTING: url.render_as_string(hide_password=False), KEY_SETTING: KEY.decode()}
        campaign_engine.cache_clear()
        with TestClient(build_app(lambda: CLERK)) as client:
            yield owner, client
        campaign_engine().dispose()
        campaign_engine.cache_clear()
        owner.dispose()
