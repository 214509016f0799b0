"""A city with something on every page: runs of two sections at each stage, a missed one, lost calls, a wrong row."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import Engine, create_engine, make_url, text

from oshirase.adapters.database import create_records_engine
from oshirase.adapters.settings import load_layouts
from oshirase.domain.calendar import JST
from sandbox import clock
from sandbox.stack import AirflowApi, Stack, running_stack
from sandbox.stack.credentials import CLERK, DEPUTY, HEAD, OTHER_CLERK, OTHER_HEAD
from sandbox.stack.folder import REPOSITORY
from sandbox.stack.residents import Residents, load_residents
from sandbox.stack.scene import DAGS, INTAKE, KNOWN_AT, KNOWN_FIRST_AT, OCCURRENCE, OPENS_AT, SEED
from sandbox.ward import WardSpec
from sandbox.ward.extracts import extract_path
from tests.people import insert

SIZE = 4_000
PATIENCE_SECONDS = 120
RESOLUTION, DECISION = "resolve_unknown", "decide"
MEASUREMENT = "measure_outcomes"
LOST = 2
APPROVAL, APPROVE = "approve", "承認する"
CODE = re.compile(r"確認コード\W*([0-9A-F]{4,})")
# What somebody could put wherever text comes from: shown as text, it does nothing.
INJECTED = "<img src=x onerror=alert(1)>"
# The campaign whose text it is put into: not one that is photographed.
INJECTED_CAMPAIGN = "health_check"
# The campaign whose run nobody may approve who asked for it.
FOUR_EYES_CAMPAIGN = "late_elderly_overdue"
# Bookings leave from two hours after the planning on; all those of a day have gone in its evening.
FRIDAY_EVENING = datetime(2026, 10, 2, 18, 0, tzinfo=JST)
MONDAY = datetime(2026, 10, 5, 10, 0, tzinfo=JST)
MONDAY_EVENING = datetime(2026, 10, 5, 18, 0, tzinfo=JST)
TUESDAY = datetime(2026, 10, 6, 10, 0, tzinfo=JST)
# Read once, by both cores; nobody changes a DAG meanwhile.
SETTINGS = {
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "2",
}
SOMEBODY = "select resident_id from ledger.notice where campaign = 'nhi_overdue' and state = 'delivered' limit 1"
NEWEST_RUN = """
select campaign_run_id from ledger.campaign_run where campaign = :campaign order by occurrence_at desc limit 1
"""


@dataclass
class Play:
    """A running city. `runs`: the campaign runs that the pages are about, by campaign name; `dag_runs`, Airflow's."""

    stack: Stack
    owner: Engine
    runs: dict[str, UUID] = field(default_factory=dict)
    dag_runs: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where Airflow is, without a path."""
        return self.stack.airflow_url

    def airflow(self, user: str) -> AirflowApi:
        """Airflow as a member of staff."""
        return self.stack.airflow_as(user)

    def token(self, user: str) -> str:
        """What signs a member of staff in, without the form."""
        login = {"username": user, "password": self.stack.credentials.passwords[user]}
        answer = requests.post(f"{self.address}/auth/token", json=login, timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def session(self, user: str) -> requests.Session:
        """A signed-in client of the pages and of the REST API."""
        session = requests.Session()
        token = self.token(user)
        session.cookies.set("_token", token)
        session.headers["Authorization"] = f"Bearer {token}"
        return session

    def form_token(self, session: requests.Session) -> str:
        """What the pages' forms of a signed-in client carry."""
        page = session.get(f"{self.address}/oshirase/people", timeout=PATIENCE_SECONDS).text
        return page.partition('name="form_token" value="')[2].partition('"')[0]

    def rows(self, query: str, **binds: Any) -> list[Any]:
        """What the records database says."""
        with self.owner.connect() as connection:
            return list(connection.execute(text(query), binds).all())

    def airflow_rows(self, query: str, **binds: Any) -> list[Any]:
        """What Airflow's metadata database says, or is made to say."""
        engine = create_engine(make_url(self.stack.databases.airflow).set(drivername="postgresql+psycopg"))
        try:
            with engine.begin() as connection:
                return list(connection.execute(text(query), binds).all())
        finally:
            engine.dispose()


@contextmanager
def played_city(folder: Path) -> Iterator[Play]:
    """The city until the block ends, with everything played in it."""
    home = _make_home(folder / "home")
    settings = {**SETTINGS, "OSHIRASE_HOME": str(home)}
    with running_stack(folder / "data", roles=True, starts_at=OPENS_AT, settings=settings) as stack:
        residents = load_residents(
            stack.database_url,
            WardSpec(SEED, SIZE, KNOWN_AT),
            stack.folder.extracts,
            known_first_at=KNOWN_FIRST_AT,
        )
        owner = create_records_engine(make_url(stack.database_url))
        try:
            stack.wait_for_airflow([*DAGS, RESOLUTION, MEASUREMENT])
            for dag_id in (*DAGS, RESOLUTION, MEASUREMENT):
                stack.airflow.unpause(dag_id)
            play = Play(stack, owner)
            _Plot(play, residents).play()
            yield play
        finally:
            owner.dispose()


def _make_home(home: Path) -> Path:
    """The repository's settings; a text of one campaign with what should not be in it."""
    for part in ("config", "include"):
        shutil.copytree(REPOSITORY / part, home / part)
    _replace(home / "config" / "city.toml", "most_parts = 2", "most_parts = 4")
    four_eyes = home / "config" / "campaigns" / f"{FOUR_EYES_CAMPAIGN}.toml"
    _replace(four_eyes, "[[variants]]", "[approval]\nfour_eyes = true\n\n[[variants]]")
    beginning = "{{ city }}です。特定健診"
    _replace(home / "config" / "campaigns" / f"{INJECTED_CAMPAIGN}.toml", beginning, beginning + INJECTED)
    return home


def _replace(path: Path, before: str, after: str) -> None:
    content = path.read_text(encoding="utf-8")
    assert content.count(before) == 1, path
    path.write_text(content.replace(before, after), encoding="utf-8")


class _Plot:
    """What happened until the tests begin: a week of October, in which not all went well."""

    def __init__(self, play: Play, residents: Residents) -> None:
        self._play = play
        self._residents = residents

    def play(self) -> None:
        """Both sections' runs that went out, one that waits, one to be stopped; what was lost, missed and wrong."""
        clock.move_to(OCCURRENCE)
        asked = self._begin("nhi_overdue", "2026-10-02", CLERK)
        # The gateway loses a few calls before it has taken them.
        self._behave({"fault": "reset_before", "next": LOST})
        self._approve(*asked, HEAD)
        self._finish("nhi_overdue")
        self._behave()
        self._pass_until(FRIDAY_EVENING)
        self._run("collect_receipts", "reconcile_payments")
        self._pass_until(MONDAY)
        self._begin(FOUR_EYES_CAMPAIGN, "2026-10-05", DEPUTY)
        # Of the occurrences of October the first; Monday's own is forgotten.
        self._approve(*self._begin("public_notice", "2026-10-01", OTHER_CLERK), OTHER_HEAD)
        self._finish("public_notice")
        self._pass_until(MONDAY_EVENING)
        self._bring_in_what_is_wrong()
        self._run("collect_receipts", INTAKE)
        self._ask_about_the_lost()
        self._pass_until(TUESDAY)
        self._approve(*self._begin(INJECTED_CAMPAIGN, "2026-09-29", OTHER_CLERK), OTHER_HEAD, INJECTED)
        self._finish(INJECTED_CAMPAIGN)
        self._run(MEASUREMENT)

    def _begin(self, campaign: str, occurrence_on: str, clerk: str) -> tuple[str, Mapping[str, Any]]:
        """A clerk starts a run; the campaign, and what it asks."""
        airflow = self._play.airflow(clerk)
        run_id = airflow.trigger(campaign, conf={"occurrence_on": occurrence_on})
        question = airflow.wait_for_hitl(campaign, run_id, APPROVAL)
        assert question, f"{campaign} asks nobody"
        self._play.dag_runs[campaign] = run_id
        ((self._play.runs[campaign],),) = self._play.rows(NEWEST_RUN, campaign=campaign)
        return campaign, question

    def _approve(self, campaign: str, question: Mapping[str, Any], approver: str, reason: str | None = None) -> None:
        code = CODE.search(question["body"])
        assert code is not None, "the question shows no code"
        form = {"confirmation_code": code[1], "reason": reason}
        self._play.airflow(approver).answer(campaign, self._play.dag_runs[campaign], APPROVAL, [APPROVE], form)

    def _finish(self, dag_id: str) -> None:
        state = self._play.stack.airflow.wait_for_run(dag_id, self._play.dag_runs[dag_id], PATIENCE_SECONDS)
        assert state == "success", f"{dag_id}: {state}"

    def _run(self, *dag_ids: str) -> None:
        """Upkeep, as Airflow does by itself where time is not played."""
        for dag_id in dag_ids:
            self._play.dag_runs[dag_id] = self._play.stack.airflow.trigger(dag_id)
        for dag_id in dag_ids:
            self._finish(dag_id)

    def _pass_until(self, moment: datetime) -> None:
        """Time passes, and what became known meanwhile reaches the records."""
        clock.move_to(moment)
        self._residents.live_until(moment, [])

    def _behave(self, *rules: Mapping[str, Any]) -> None:
        stack = self._play.stack
        headers = {"Authorization": f"Bearer {stack.credentials.gateway_token}"}
        faults = f"{stack.gateway_url}/emulator/faults"
        requests.post(faults, json={"rules": list(rules)}, headers=headers, timeout=30).raise_for_status()

    def _ask_about_the_lost(self) -> None:
        """The gateway does not know them: people are asked."""
        airflow = self._play.stack.airflow
        run_id = airflow.trigger(RESOLUTION)
        assert airflow.wait_for_hitl(RESOLUTION, run_id, DECISION), "nothing was lost"
        self._play.dag_runs[RESOLUTION] = run_id

    def _bring_in_what_is_wrong(self) -> None:
        """A file with a row that cannot be read, and an inquiry of somebody who was written to."""
        layout = next(layout for layout in load_layouts() if layout.name == "payments_new")
        # Newer than what was loaded a moment ago.
        moment = clock.now() + timedelta(minutes=2)
        clock.advance(timedelta(minutes=5))
        path = extract_path(self._play.stack.folder.extracts / "drop", layout, moment)
        row = {"payment_id": INJECTED, "amount_yen": INJECTED}
        headings = [column.headings[0] for column in layout.columns.values()]
        cells = [row.get(name, "1") for name in layout.columns]
        path.write_text("\r\n".join([",".join(headings), ",".join(cells), ""]), encoding="utf-8")
        # Nobody is still writing to it, by the time that is played.
        os.utime(path, (moment.timestamp(), moment.timestamp()))
        resident_id = self._play.rows(SOMEBODY)[0].resident_id
        section, day = "premium", clock.now().date()
        insert(
            self._play.owner, "inquiry", inquiry_id=INJECTED, received_on=day, section=section, resident_id=resident_id
        )
