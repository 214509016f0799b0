"""A campaign of one test in a running city: its people, its runs in Airflow, what staff do, and what comes of it."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import Engine, text

from oshirase.adapters.settings import load_campaign, load_city
from oshirase.domain.calendar import InstalmentCalendar, fiscal_year
from sandbox import clock
from sandbox.stack import AirflowApi, Stack, StackError
from sandbox.stack.airflow_api import ENDED, FAILED, WAITING
from sandbox.stack.credentials import CLERK, HEAD
from sandbox.stack.processes import wait_until
from tests.e2e.settings import SettingsHome
from tests.e2e.telephones import Telephones
from tests.people import create_levy, create_payment, create_resident

APPROVAL, SENDING = "approve", "send"
RESOLUTION, DECISION = "resolve_unknown", "decide"
APPROVE, REJECT, SEND_AGAIN = "承認する", "差し戻す", "すべて再送する"
CODE = re.compile(r"確認コード: \*\*(\w+)\*\*")
PRESENT_CODE = re.compile(r"現在の確認コード</th><td><strong>(\w+)</strong>")
PAGE = re.compile(r"/oshirase/runs/([0-9a-f-]{36})")
PATIENCE_SECONDS = 240
# Longer than a claim's lease, and than an unknown outcome is left to settle.
LATER = timedelta(minutes=11)
SHOWN_LINES = 25
PLANNED = """
select n.notice_id::text, n.phone_e164, t.body
from ledger.campaign_run as r
inner join ledger.notice as n using (campaign_run_id)
inner join ledger.message_text as t using (text_id)
where r.campaign_run_id = :campaign_run_id and n.state = 'planned'
"""
IN_LINE = """
select l.levy_id
from ledger.notice as n
inner join records.levy as l using (subject)
where n.campaign = :campaign and n.state = 'planned'
"""
STATES = "select state, reason, count(*) as notices from ledger.notice where campaign = :campaign group by 1, 2"


@dataclass(frozen=True)
class Occurrence:
    """One planned date of a campaign, and the instalment that it reminds of."""

    at: datetime
    levy_year: int
    instalment: int
    due_on: date


@dataclass(frozen=True)
class Question:
    """What an approval asks in Airflow, which keeps the body of the first time when it asks again."""

    run_id: str
    body: str = field(repr=False)

    @property
    def code(self) -> str:
        """The confirmation code that the body shows."""
        return _only(CODE, self.body)

    @property
    def campaign_run_id(self) -> UUID:
        """The campaign run whose page the body leads to."""
        return UUID(_only(PAGE, self.body))


@dataclass
class Rehearsal:
    """A campaign that no other test touches, over people that no other test has."""

    name: str
    stack: Stack
    home: SettingsHome
    owner: Engine
    telephones: Telephones
    _taken_before: int = 0

    def __post_init__(self) -> None:
        self._taken_before = self.telephones.count()

    # The people and the dates

    @cached_property
    def occurrences(self) -> list[Occurrence]:
        """The last five, the latest at the end: Airflow starts none that lie ahead of the machine's own clock."""
        city, campaign = load_city(), load_campaign(self.name)
        calendar = InstalmentCalendar(
            city.calendars["nhi"].first_month, city.calendars["nhi"].instalments, city.office()
        )
        now, found = datetime.now(UTC), []
        for at in list(campaign.occurrences(city).between(now - timedelta(days=300), now))[-5:]:
            due_on = calendar.due_dates_between(at.date() - timedelta(days=60), at.date() - timedelta(days=1))[-1]
            years = (fiscal_year(due_on), fiscal_year(due_on) - 1)  # the last due date of a year may lie in the next
            year = next(year for year in years if due_on in calendar.due_dates(year))
            found.append(Occurrence(at, year, calendar.due_dates(year).index(due_on) + 1, due_on))
        return found

    def create_debtors(self, count: int, owing: Sequence[int] = (-1,)) -> list[str]:
        """So many people with a telephone each, who owe the instalments of these occurrences; their levies, in order.

        Those of the occurrences after the first of them they have paid.
        """
        levies = []
        people = self.home.people_of(self.name)
        first = self._count_people()
        billed = self.occurrences[min(owing) :]
        for number in range(first, first + count):
            resident_id = create_resident(self.owner, resident_id=f"{people}{number:07d}", enrolled=("nhi",))
            for position, occurrence in enumerate(billed, min(owing)):
                levy = create_levy(
                    self.owner,
                    resident_id,
                    levy_year=occurrence.levy_year,
                    for_year=occurrence.levy_year,
                    instalment=occurrence.instalment,
                    due_on=occurrence.due_on,
                )
                levies.append(levy)
                if position not in owing:
                    create_payment(self.owner, levy)
        return levies

    def pay(self, levies: Sequence[str]) -> None:
        """Their payments become known now."""
        for levy in levies:
            create_payment(self.owner, levy, recorded_at=clock.now(), paid_on=clock.now().date())

    def _count_people(self) -> int:
        return len(self.rows("select 1 from records.resident where starts_with(resident_id, :people)"))

    # The runs

    @cached_property
    def clerk(self) -> AirflowApi:
        """Airflow as a clerk sees it."""
        return self.stack.airflow_as(CLERK)

    @cached_property
    def head(self) -> AirflowApi:
        """Airflow as the head of the section sees it."""
        return self.stack.airflow_as(HEAD)

    def begin(self) -> str:
        """Unpause the DAG: Airflow's own schedule starts the latest occurrence at once. Its run."""
        self.clerk.unpause(self.name)
        self.wait(lambda: self.runs("scheduled"), "a scheduled run")
        (run_id,) = self.runs("scheduled")
        return run_id

    def runs(self, kind: str) -> list[str]:
        """Runs of a kind, the oldest first: `scheduled`, `manual`, `backfill`."""
        return [run["dag_run_id"] for run in self.clerk.runs(self.name) if run["run_type"] == kind]

    def ask(self, run_id: str) -> Question | None:
        """What the run's approval asks; None when it ends without asking anybody."""
        asked = self.clerk.wait_for_hitl(self.name, run_id, APPROVAL, PATIENCE_SECONDS)
        return Question(run_id, asked["body"]) if asked else None

    def question(self, run_id: str) -> Question:
        """What the run's approval asks; it has to."""
        question = self.ask(run_id)
        assert question is not None, f"{run_id} asked nobody"
        return question

    @cached_property
    def browser(self) -> requests.Session:
        """The clerk's browser: signed in by Airflow's cookie."""
        login = {"username": self.clerk.user, "password": self.clerk.password}
        answer = requests.post(f"{self.clerk.address}/auth/token", json=login, timeout=PATIENCE_SECONDS)
        browser = requests.Session()
        browser.cookies.set("_token", answer.json()["access_token"])
        return browser

    def present_code(self, question: Question) -> str:
        """The confirmation code of what would be sent now, from the page that the question leads to."""
        address = f"{self.clerk.address}/oshirase/runs/{question.campaign_run_id}"
        return _only(PRESENT_CODE, self.browser.get(address, timeout=PATIENCE_SECONDS).text)

    def approve(self, question: Question, code: str | None = None) -> None:
        """The clerk approves what would be sent now; with another code that is no approval."""
        present = self.present_code(question)
        if code in {None, present}:
            with self.owner.connect() as connection:
                planned = connection.execute(text(PLANNED), {"campaign_run_id": question.campaign_run_id}).all()
            self.telephones.approved |= {row.notice_id: (row.phone_e164, row.body) for row in planned}
        form = {"confirmation_code": code or present, "reason": None}
        self.clerk.answer(self.name, question.run_id, APPROVAL, [APPROVE], form)

    def reject(self, question: Question, reason: str) -> None:
        """The head of the section rejects it."""
        form = {"confirmation_code": None, "reason": reason}
        self.head.answer(self.name, question.run_id, APPROVAL, [REJECT], form)

    def finish(self, run_id: str) -> None:
        """Wait until a run has ended well, each of its tasks."""
        state = self.clerk.wait_for_run(self.name, run_id, PATIENCE_SECONDS)
        tasks = self.clerk.task_states(self.name, run_id)
        assert (state, [task for task, ended in tasks.items() if ended in FAILED]) == ("success", []), tasks

    def retries(self, run_id: str) -> bool:
        """Whether a task of the run waits for its next try."""
        return "up_for_retry" in self.clerk.task_states(self.name, run_id).values()

    # What comes of it

    def sent(self) -> int:
        """How many messages the gateway has taken since the test began."""
        return self.telephones.count() - self._taken_before

    def wait_until_sent(self, count: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Until the gateway has taken so many."""
        self.wait(lambda: self.sent() >= count, f"{count} messages at the gateway", seconds)

    def levies_left(self, levies: Sequence[str]) -> list[str]:
        """Those whose notices are still in the line."""
        found = {row.levy_id for row in self.rows(IN_LINE)}
        return [levy for levy in levies if levy in found]

    def states(self) -> dict[str, int]:
        """Notices of all runs of the campaign by `state`, or `state/reason` where there is one."""
        rows = self.rows(STATES)
        return {f"{row.state}/{row.reason}" if row.reason else row.state: row.notices for row in rows}

    def rows(self, query: str) -> Sequence[Any]:
        """What the records database answers to a query with `:campaign` or `:people`."""
        binds = {"campaign": self.name, "people": self.home.people_of(self.name)}
        with self.owner.connect() as connection:
            return connection.execute(text(query), binds).all()

    def campaign_runs(self) -> int:
        """How many campaign runs the ledger has."""
        return len(self.rows("select 1 from ledger.campaign_run where campaign = :campaign"))

    def resolve_unknown(self) -> None:
        """Time passes, lost claims are looked up at the gateway, and a clerk has what it does not know sent again.

        In two rounds: the lease ends, then the unknown outcome has settled.
        """
        for _ in range(2):
            if not {state.partition("/")[0] for state in self.states()} & {"claimed", "unknown"}:
                return
            clock.advance(LATER)
            self.clerk.unpause(RESOLUTION)
            self.clerk.trigger(RESOLUTION)
            self.wait(self._has_resolved, f"the end of {RESOLUTION}")

    def _has_resolved(self) -> bool:
        """Whether all its runs have ended, also those by its own schedule; the oldest of the others is answered."""
        waiting = [run["dag_run_id"] for run in self.clerk.runs(RESOLUTION) if run["state"] not in ENDED]
        for run_id in waiting[:1]:
            if self.clerk.task_states(RESOLUTION, run_id).get(DECISION) == WAITING:
                self.clerk.wait_for_hitl(RESOLUTION, run_id, DECISION)
                self.clerk.answer(RESOLUTION, run_id, DECISION, [SEND_AGAIN], {})
        return not waiting

    def wait(self, is_done: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Ask again and again until it is so; a component that ends meanwhile is an error."""
        wait_until(lambda: bool(is_done()), what, seconds, self.stack.components)

    # When a test fails

    def report(self) -> str:
        """Runs, task states, ends of the logs of what did not end well, the ledger and the gateway."""
        lines = [f"ledger {self.states()}; at the gateway {self.sent()}; product's clock {clock.now()}"]
        try:
            for run in self.clerk.runs(self.name):
                tasks = self.clerk.task_states(self.name, run["dag_run_id"])
                lines.append(f"{run['dag_run_id']} ({run['run_type']}): {run['state']} {tasks}")
        except StackError as error:
            lines.append(str(error))
        logs = self.stack.folder.airflow_home / "logs" / f"dag_id={self.name}"
        for log in sorted(logs.rglob("*.log")):
            if told := [*_events(log)]:
                lines += [f"--- {log.relative_to(logs)}", *told[-SHOWN_LINES:]]
        scheduler = self.stack.folder.log("scheduler").read_text(errors="replace").splitlines()
        of_it = [line[:300] for line in scheduler if self.name in line]
        return "\n".join([*lines, "--- scheduler", *of_it[-SHOWN_LINES:]])


def _only(pattern: re.Pattern[str], body: str) -> str:
    found = set(pattern.findall(body))
    assert len(found) == 1, f"an approval's body shows {pattern.pattern} as {found}"
    return str(found.pop())


def _events(log: Path) -> Iterator[str]:
    """What a task's log says of trouble."""
    for line in log.read_text(errors="replace").splitlines():
        entry = json.loads(line) if line.startswith("{") else {"level": "error", "event": line}
        if entry["level"] in {"error", "critical"} or entry.get("logger", "").startswith("airflow.task.operators"):
            errors = [f"{error['exc_type']}: {error['exc_value']}" for error in entry.get("error_detail", ())]
            yield f"{entry.get('timestamp', '')} {entry['event']} {errors or ''}"[:600]
