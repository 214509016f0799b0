"""Any history of occurrences, runs, payments and backfills, in any order: who got an SMS is who may have got one.

The yardstick is told apart from the product: what one clean run of each non-stale occurrence, at its time, would have
sent, less what was settled before its hand-over.
"""

import os
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oshirase.domain.calendar import JST
from oshirase.services.campaign_run import load_campaign_run
from tests.conftest import empty
from tests.people import create_levy, create_payment, create_resident
from tests.scene import Scene

CHAOS = int(os.environ.get("OSHIRASE_CHAOS", "0"))
EXAMPLES = CHAOS // 10 or 12
STALE_AFTER = timedelta(days=14)
PEOPLE = 3
# The instalments' due dates, and the occurrences two business days later, each known long before.
DUE_ON = {2: date(2026, 7, 31), 3: date(2026, 8, 31), 4: date(2026, 9, 30), 5: date(2026, 11, 2)}
OCCURRENCES = {
    2: datetime(2026, 8, 4, 10, 0, tzinfo=JST),
    3: datetime(2026, 9, 2, 10, 0, tzinfo=JST),
    4: datetime(2026, 10, 2, 10, 0, tzinfo=JST),
    5: datetime(2026, 11, 5, 10, 0, tzinfo=JST),
}
BEGIN = datetime(2026, 8, 4, 10, 0, tzinfo=JST)

INSTALMENTS = st.sampled_from(sorted(OCCURRENCES))
# What happens: time passes, an instalment is paid, an occurrence is run (first or again), also without being sent.
STEPS = st.one_of(
    st.tuples(st.just("pass"), st.sampled_from([1, 3, 10, 24, 72, 240, 700])),
    st.tuples(st.just("pay"), INSTALMENTS, st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("plan"), INSTALMENTS),
    st.tuples(st.just("run"), INSTALMENTS),
    st.tuples(st.just("reconcile")),
)


@dataclass
class History:
    """What was done so far, as a stranger would note it."""

    scene: Scene
    residents: list[str] = field(default_factory=list)
    paid_at: dict[tuple[int, int], datetime] = field(default_factory=dict)

    def play(self, step: tuple[object, ...]) -> None:
        kind, *what = step
        getattr(self, f"_{kind}")(*what)

    def _pass(self, hours: int) -> None:
        self.scene.clock.moment += timedelta(hours=hours)

    def _pay(self, instalment: int, who: int) -> None:
        self.scene.clock.moment += timedelta(seconds=1)  # nothing is recorded at the moment of an occurrence itself
        if (instalment, who) not in self.paid_at:
            self.paid_at[instalment, who] = self.scene.clock()
            create_payment(self.scene.owner, f"L{who}/{instalment}", recorded_at=self.scene.clock())

    def _plan(self, instalment: int) -> None:
        """Planned, perhaps approved before, and left."""
        if OCCURRENCES[instalment] <= self.scene.clock():
            self.scene.plan(self.scene.open(OCCURRENCES[instalment]))

    def _run(self, instalment: int) -> None:
        """A scheduled run, a cleared one, a backfill: whoever asks, it is the same. Stale ones nobody approves."""
        moment, scene = OCCURRENCES[instalment], self.scene
        if moment > scene.clock():
            return
        run = scene.open(moment)
        scene.plan(run)
        if scene.clock() <= moment + STALE_AFTER:
            scene.approve(run, load_campaign_run(scene.engine, run).digest)
        scene.send(run)

    def _reconcile(self) -> None:
        self.scene.reconcile()
        self.scene.collect()

    def permitted(self) -> set[tuple[str, str]]:
        """What clean runs would have sent: (subject, resident), of instalments unpaid at their occurrence."""
        return {
            (f"nhi/2026/{instalment}/{resident}", resident)
            for instalment, moment in OCCURRENCES.items()
            for who, resident in enumerate(self.residents)
            if self.paid_at.get((instalment, who), datetime.max.replace(tzinfo=JST)) > moment
        }


def begin(scene: Scene) -> History:
    history = History(scene)
    scene.clock.moment = BEGIN
    for who in range(PEOPLE):
        history.residents.append(create_resident(scene.owner, resident_id=f"00009900{who:02d}"))
        for instalment, due_on in DUE_ON.items():
            create_levy(
                scene.owner, history.residents[-1], levy_id=f"L{who}/{instalment}", instalment=instalment, due_on=due_on
            )
    return history


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not CHAOS,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example([("run", 2), ("pass", 700), ("run", 2), ("run", 3)])
@example([("pass", 1500), ("run", 4), ("run", 3), ("run", 2), ("pass", 24), ("run", 4)])
@example(
    [("pass", 1420), ("plan", 4), ("pay", 4, 0), ("run", 4), ("pass", 1), ("pay", 4, 1), ("reconcile",), ("run", 4)]
)
@given(st.lists(STEPS, min_size=4, max_size=14))
def test_any_history(scene: Scene, steps: list[tuple[object, ...]]) -> None:
    empty(scene.owner.url)
    scene.running.reset()
    history = begin(scene)
    for step in steps:
        history.play(step)
    scene.clock.moment += timedelta(days=2)
    history._reconcile()

    handed_over = scene.rows(
        "select subject, resident_id, handed_over_at, scheduled_at, phone_e164, state from ledger.notice"
        " where handed_over_at is not null"
    )
    sent = [row for row in handed_over if row[5] != "cancelled"]
    # Never more than clean runs would have sent, and nothing twice.
    assert {(row[0], row[1]) for row in sent} <= history.permitted()
    assert len({row[0] for row in sent}) == len(sent)
    # The gateway's side agrees: one telephone a person, as many messages as reminders.
    per_number = scene.accepted_per_number()
    assert sum(per_number.values()) == len(handed_over)
    for subject, resident, at, scheduled_at, _, _ in handed_over:
        instalment, who = int(subject.split("/")[2]), history.residents.index(resident)
        paid_at = history.paid_at.get((instalment, who))
        assert paid_at is None or paid_at >= at, "settled before the hand-over"
        # Nothing late, nothing at night.
        assert at <= OCCURRENCES[instalment] + STALE_AFTER
        assert 9 <= max(at, scheduled_at).astimezone(JST).hour < 17
    # Who would have got one and did not has a reason that can be told.
    silent = scene.rows(
        "select n.state, n.reason, r.closed_as from ledger.notice as n join ledger.campaign_run as r"
        " using (campaign_run_id) where n.handed_over_at is null"
    )
    for state, reason, _ in silent:
        assert state in {"suppressed", "planned", "expired"}
        assert state == "planned" or reason in {"settled", "superseded", "recently_reminded", "window_closed"}


def test_clean_runs_send_all_of_it(scene: Scene) -> None:
    """Each occurrence in its time, one payment before the second: the yardstick itself."""
    history = begin(scene)
    for instalment, moment in OCCURRENCES.items():
        scene.clock.moment = moment - timedelta(hours=1)
        if instalment == 3:
            history.play(("pay", 3, 0))
        scene.clock.moment = moment
        history.play(("run", instalment))
        scene.clock.moment += timedelta(hours=7)
        history.play(("reconcile",))
    sent = set(scene.rows("select subject, resident_id from ledger.notice where state = 'delivered'"))
    assert sent == history.permitted()
    assert len(sent) == 4 * PEOPLE - 1
