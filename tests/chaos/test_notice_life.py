"""A notice's life in any order of claim, crash, answer, look-up, decision, receipt, payment, cancel and clear."""

import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, text

from oshirase.domain.gateway import DeliveryState, Receipt
from oshirase.domain.notice import NoticeState
from oshirase.services import calls, delivery, receipts, reconciliation, unknown
from oshirase.services.approval import reject_campaign_run
from tests.chaos.fickle import Answer, Fickle
from tests.conftest import TABLES_TO_EMPTY
from tests.people import create_debtor, create_payment
from tests.scene import OCCURRENCE, Scene

CHAOS = int(os.environ.get("OSHIRASE_CHAOS", "0"))
EXAMPLES = CHAOS // 4 or 25
STEPS = 40
PEOPLE = 4
GROUP_SIZE = 2
BATCHES = st.integers(1, 2)
ANSWERS = st.lists(st.sampled_from(Answer), max_size=3)
MINUTES = st.sampled_from([1, 5, 9, 11, 30, 90, 240])
# Nothing more becomes of these by itself; what was looked up and not found waits for a person, or was left by one.
ENDED = {
    *(s.value for s in NoticeState if s not in {"planned", "claimed", "unknown", "accepted"}),
    "unknown/not_found",
    "unknown/left",
}
UNSENT = {"planned", "suppressed", "rejected", "expired", "held_out", "deferred"}

WRONG_EVENTS = """
with event as (
    select
        e.*,
        lag(to_state, 1, 'new') over life as expected,
        row_number() over (partition by notice_id order by event_id desc) = 1 as is_last,
        count(*) filter (where to_state = 'claimed' and from_state <> 'claimed') over life as claims
    from ledger.notice_event as e
    window life as (partition by notice_id order by event_id)
)
select n.notice_id, n.state, e.from_state, e.to_state, e.expected
from ledger.notice as n left join event as e on n.notice_id = e.notice_id
where
    e.event_id is null or e.from_state <> e.expected
    or (e.is_last and (e.to_state, e.reason, e.attempt) is distinct from (n.state, n.reason, n.attempt))
    or (e.is_last and e.claims <> n.attempt)
"""
UNDECIDED = "select notice_id from ledger.notice where (state, reason) = ('unknown', 'not_found')"
LIVE_TWICE = """
select campaign, subject from ledger.notice inner join ledger.notice_state using (state)
where is_live group by campaign, subject having count(*) > 1
"""


@dataclass
class Held:
    """What a worker took, and what it knows of it by now."""

    claim: delivery.Claim
    begun_until: Any
    outcomes: list[calls.Outcome] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """What the gateway has of one notice, from its own side."""

    taken: int
    standing: int


def empty(owner: Engine) -> None:
    """Forget everything: the triggers that refuse it rest for this transaction."""
    with owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        for table in connection.scalars(text(TABLES_TO_EMPTY)).all():
            connection.execute(text(f"delete from {table}"))


class Life(RuleBasedStateMachine):
    """Everything that may happen to the notices of a campaign."""

    scene: Scene
    is_authoritative: bool

    @initialize()
    def begin(self) -> None:
        scene = self.scene
        empty(scene.owner)
        scene.running.reset()
        scene.clock.moment = OCCURRENCE
        scene.change(batch_size=3)
        self.gateway = Fickle(scene.gateway, look_up_is_authoritative=self.is_authoritative)
        # The same people each time: the order of a batch follows from who they are.
        self.residents = [
            create_debtor(scene.owner, resident_id=f"{number:010d}", phone=f"+8190{number:08d}")
            for number in range(PEOPLE)
        ]
        self.levies = dict(scene.rows("select obligor_id, levy_id from records.levy"))
        self.paid: set[str] = set()
        self.held: list[Held] = []
        self.pages: list[list[Receipt]] = []
        # How often a person had a notice sent again that the gateway had, though its list did not show it.
        self.exceptions: Counter[str] = Counter()
        # Of these the gateway said that they were cancelled, and had them all the same.
        self.belied: set[str] = set()
        self.runs = [scene.approved_run()]
        self.notices = PEOPLE

    # A worker, step by step.

    @rule(batch=BATCHES, run=st.integers(0, 1))
    def claim(self, batch: int, run: int) -> None:
        scene, now = self.scene, self.scene.clock()
        claim = delivery.claim_notices(
            scene.engine, "karaden", scene.city, self.runs[run % len(self.runs)], batch, by="worker", now=now
        )
        self._nobody_settled([submission.notice_id for submission in claim.submissions])
        if claim.submissions:
            self.held.append(Held(claim, now + delivery.LEASE - delivery.LEASE_RESERVE))

    def _nobody_settled(self, notices: list[UUID]) -> None:
        residents = dict(self.scene.rows("select notice_id, resident_id from ledger.notice"))
        assert not {residents[notice] for notice in notices} & self.paid

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 9), answers=ANSWERS)
    def call(self, which: int, answers: list[Answer]) -> None:
        held = self.held[which % len(self.held)]
        if len(held.outcomes) == len(held.claim.submissions):
            return
        self.gateway.answers.extend(answers)
        submission = held.claim.submissions[len(held.outcomes)]
        # No call begins in the last minutes of a lease: the worker looks at its watch.
        until = float("inf") if self.scene.clock() <= held.begun_until else 0.0
        held.outcomes.append(calls.Calls(self.gateway)._call(submission, until))
        self.gateway.answers.clear()

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 9))
    def record(self, which: int) -> None:
        """Perhaps long after the lease: then nothing of it counts."""
        held = self.held.pop(which % len(self.held))
        given_back = [
            calls.Outcome(submission.notice_id, NoticeState.PLANNED, "given_back")
            for submission in held.claim.submissions[len(held.outcomes) :]
        ]
        outcomes = [*held.outcomes, *given_back]
        delivery.record_outcomes(self.scene.engine, held.claim.claim_id, outcomes, by="worker", now=self.scene.clock())

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 9))
    def crash(self, which: int) -> None:
        self.held.pop(which % len(self.held))

    @rule(batch=BATCHES, answers=ANSWERS)
    def run_task(self, batch: int, answers: list[Answer]) -> None:
        """A task from its beginning to its end: the first time, or cleared."""
        self.gateway.answers.extend(answers)
        with suppress(calls.SendingStopped):
            self.scene.send_batch(self.runs[0], batch, self.gateway)
        self.gateway.answers.clear()

    # Planning.

    @rule(days=st.sampled_from([0, 0, 1]))
    def plan_again(self, days: int) -> None:
        """The same occurrence again, or the next one."""
        run = self.scene.open(OCCURRENCE + timedelta(days=days))
        self.scene.approve(run, self.scene.plan(run))
        if run not in self.runs:
            self.runs.append(run)

    @rule(run=st.integers(0, 1), is_so=st.sampled_from([True, False, False]))
    def reject(self, run: int, is_so: bool) -> None:
        if is_so:
            rejected = self.runs[run % len(self.runs)]
            digest = self.scene.plan(rejected)
            reject_campaign_run(self.scene.engine, rejected, digest, "suzuki", self.scene.clock(), "取りやめ")

    # Time, the look-up, a person.

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self.scene.clock.moment += timedelta(minutes=minutes)

    @rule(is_lagging=st.booleans())
    def look_up(self, is_lagging: bool) -> None:
        """An authoritative look-up is one whose list never lags."""
        self.gateway.is_lagging = is_lagging and not self.is_authoritative
        unknown.look_up_unknown(self.scene.engine, self.gateway, self.scene.clock(), "look-up")
        self.gateway.is_lagging = False

    @rule(is_to_send=st.booleans())
    def decide(self, is_to_send: bool) -> None:
        undecided = self.scene.rows(
            "select notice_id from ledger.notice where (state, reason) = ('unknown', 'not_found')"
        )
        told = self._told()
        now = self.scene.clock()
        decided = unknown.decide_unknown(self.scene.engine, is_to_send=is_to_send, seen_at=now, by="sato", now=now)
        assert decided == len(undecided)
        if is_to_send:
            self.exceptions.update(str(notice) for (notice,) in undecided if told[str(notice)].standing)

    # Receipts.

    @rule()
    def collect(self) -> None:
        for run in self.runs:
            day = timedelta(days=2)
            self.pages.extend(self.gateway.receipts(run, OCCURRENCE - day, OCCURRENCE + day))
        self.scene.collect()

    @precondition(lambda self: self.pages)
    @rule(which=st.integers(0, 99), state=st.sampled_from([None, *DeliveryState]), minutes=st.integers(-90, 90))
    def apply_old_page(self, which: int, state: DeliveryState | None, minutes: int) -> None:
        """A page of before, once more, or one that contradicts it."""
        page = self.pages[which % len(self.pages)]
        if state is not None:
            changed = timedelta(minutes=minutes)
            page = [replace(receipt, state=state, updated_at=receipt.updated_at + changed) for receipt in page]
        if state == DeliveryState.CANCELLED:
            self.belied.update(receipt.tags[0] for receipt in page)
        receipts.apply_receipts(self.scene.engine, "karaden", page, self.scene.clock(), "receipts")

    # Payments.

    @rule(who=st.integers(0, PEOPLE - 1))
    def pay_or_reverse(self, who: int) -> None:
        resident = self.residents[who]
        settles = resident not in self.paid
        create_payment(
            self.scene.owner,
            self.levies[resident],
            amount_yen=12_000 if settles else -12_000,
            stage="confirmed" if settles else "reversal",
            paid_on=date(2026, 10, 2),
            recorded_at=self.scene.clock(),
        )
        self.paid ^= {resident}

    @rule(answers=ANSWERS)
    def reconcile(self, answers: list[Answer]) -> None:
        self.gateway.answers.extend(answers)
        scene = self.scene
        reconciliation.reconcile(scene.engine, self.gateway, scene.city, scene.clock(), "reconcile")
        self.gateway.answers.clear()

    # What holds after every step.

    def _told(self) -> dict[str, Told]:
        """By notice: how many messages the gateway took, and how many of them it has not cancelled again."""
        taken, standing = Counter[str](), Counter[str]()
        for message in self.scene.gateway._page(page=1)["data"]:
            taken[message["tags"][0]] += 1
            standing[message["tags"][0]] += message["status"] != "canceled"
        notices = [str(notice) for (notice,) in self.scene.rows("select notice_id from ledger.notice")]
        assert taken.keys() <= set(notices)
        return {notice: Told(taken[notice], standing[notice]) for notice in notices}

    @invariant()
    def all_holds(self) -> None:
        told = self._told()
        self._nobody_gets_the_same_reminder_twice(told)
        self._nothing_is_lost(told)
        assert self.scene.rows(LIVE_TWICE) == []
        assert self.scene.rows(WRONG_EVENTS) == []

    def _nobody_gets_the_same_reminder_twice(self, told: dict[str, Told]) -> None:
        """But for what a person had sent again against a list that lagged, and then once a decision.

        Nor does a later occurrence remind again, unless the gateway said that it had cancelled the message before.
        """
        assert not self.is_authoritative or not self.exceptions
        for notice, message in told.items():
            assert message.taken <= 1 + self.exceptions[notice]
        by_subject = Counter[str]()
        for notice, subject in self.scene.rows("select notice_id, subject from ledger.notice"):
            if str(notice) not in self.belied:
                by_subject[subject] += told[str(notice)].standing - self.exceptions[str(notice)]
        assert max(by_subject.values(), default=0) <= 1

    def _nothing_is_lost(self, told: dict[str, Told]) -> None:
        """No notice vanishes, and what the gateway took is nowhere told to be unsent."""
        rows = self.scene.rows("select notice_id, state from ledger.notice")
        assert len(rows) >= self.notices
        self.notices = len(rows)
        for notice, state in rows:
            if state in UNSENT:
                assert told[str(notice)].standing <= self.exceptions[str(notice)]

    def teardown(self) -> None:
        """In the end, with every worker gone, each notice is in a final state or on the list for a person."""
        scene = self.scene
        self.held.clear()
        for days in (0, 1, 5):
            scene.clock.moment = max(scene.clock.moment, OCCURRENCE + timedelta(days=days))
            for _ in range(2):
                scene.clock.moment += timedelta(minutes=11)
                self.look_up(is_lagging=False)
            for run in self.runs:
                for batch in (1, 2):
                    scene.send_batch(run, batch, self.gateway)
            self.reconcile([])
            scene.collect()
        left = {state for state in scene.states() if state not in ENDED and state.split("/")[0] not in ENDED}
        assert left == set(), scene.rows("select notice_id, state, reason from ledger.notice")


@pytest.mark.timeout(1200 if CHAOS else 120)
@pytest.mark.parametrize("is_authoritative", [False, True])
def test_any_order_keeps_the_invariants(scene: Scene, monkeypatch: pytest.MonkeyPatch, is_authoritative: bool) -> None:
    monkeypatch.setattr(delivery, "GROUP_SIZE", GROUP_SIZE)
    life = type("Life", (Life,), {"scene": scene, "is_authoritative": is_authoritative})
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=not CHAOS,
            database=None,
            deadline=None,
            print_blob=True,
            # Shrinking takes minutes: it is for whoever looks for the cause.
            phases=[Phase.generate, Phase.shrink] if CHAOS else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
