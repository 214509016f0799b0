"""The last runs of a campaign side by side."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from oshirase.domain.notice import NoticeState
from oshirase.services.trends import REASONS, RUNS, TrendRun, load_trends, main_reasons
from tests.ledger import create_notice, create_run
from tests.people import create_debtor
from tests.scene import OCCURRENCE, Scene


def planned_run(scene: Scene, day: str = "2026-10-02") -> UUID:
    run = create_run(scene.owner, day)
    with scene.owner.begin() as connection:
        connection.execute(text("update ledger.campaign_run set composed_at = now(), call_rate = 0.15"))
    return run


def settle(scene: Scene, notice: UUID, on: date) -> None:
    with scene.owner.begin() as connection:
        connection.execute(
            text(
                "insert into ledger.outcome (notice_id, kind, settled_on, recorded_at)"
                " values (:n, 'settled', :on, now())"
            ),
            {"n": notice, "on": on},
        )


def the_one(scene: Scene) -> TrendRun:
    (run,) = load_trends(scene.engine, "nhi_overdue")
    return run


def test_a_real_run(scene: Scene) -> None:
    for _ in range(3):
        create_debtor(scene.owner)
    create_debtor(scene.owner, is_protected=True)
    scene.send(scene.approved_run())
    found = the_one(scene)
    assert (found.occurrence_on, found.recipients, found.delivered_share) == (OCCURRENCE.date(), 3, None)
    assert found.suppressed == {"protected": 1}
    assert found.expected_calls == pytest.approx(0.45)
    scene.clock.advance(days=3)
    scene.collect()
    assert (the_one(scene).delivered_share, the_one(scene).settled_share) == (1.0, 0.0)


def test_shares_are_of_what_is_known(scene: Scene) -> None:
    run = planned_run(scene)
    for number, state in enumerate(
        [NoticeState.DELIVERED] * 3 + [NoticeState.UNDELIVERED, NoticeState.ACCEPTED, NoticeState.CANCELLED]
    ):
        create_notice(scene.owner, run, f"nhi/2026/4/{number}", state)
    found = the_one(scene)
    assert (found.recipients, found.concluded, found.delivered) == (5, 4, 3)
    assert found.delivered_share == 0.75


# It leaves on the evening of 1 October in Tokyo, when it is afternoon in UTC; and after midnight there.
@pytest.mark.parametrize(
    ("left_at", "settled_on", "counts"),
    [
        (datetime(2026, 10, 1, 14, 59, tzinfo=UTC), date(2026, 10, 1), True),
        (datetime(2026, 10, 1, 14, 59, tzinfo=UTC), date(2026, 9, 30), False),
        (datetime(2026, 10, 1, 14, 59, tzinfo=UTC), date(2026, 10, 15), True),
        (datetime(2026, 10, 1, 14, 59, tzinfo=UTC), date(2026, 10, 16), False),
        (datetime(2026, 10, 1, 15, 0, tzinfo=UTC), date(2026, 10, 1), False),
        (datetime(2026, 10, 1, 15, 0, tzinfo=UTC), date(2026, 10, 16), True),
    ],
)
@pytest.mark.parametrize("moment", ["sent_at", "scheduled_at"])
def test_settled_within_14_days_of_the_message(
    scene: Scene, moment: str, left_at: datetime, settled_on: date, counts: bool
) -> None:
    run = planned_run(scene)
    notice = create_notice(scene.owner, run, "nhi/2026/4/1", NoticeState.DELIVERED, **{moment: left_at})
    settle(scene, notice, settled_on)
    assert the_one(scene).settled == counts


def test_a_settlement_of_what_never_arrived_is_not_counted(scene: Scene) -> None:
    run = planned_run(scene)
    at = datetime(2026, 10, 2, 3, tzinfo=UTC)
    settle(scene, create_notice(scene.owner, run, "nhi/2026/4/1", NoticeState.FAILED, sent_at=at), date(2026, 10, 3))
    assert (the_one(scene).settled, the_one(scene).settled_share) == (0, None)


def test_the_last_runs_oldest_first_and_only_the_campaign_s_own(scene: Scene) -> None:
    first = date(2026, 1, 5)
    for week in range(RUNS + 2):
        planned_run(scene, str(first + timedelta(weeks=week)))
    create_run(scene.owner, "2026-12-01", "plan_default")
    create_run(scene.owner, "2026-12-02")
    found = [run.occurrence_on for run in load_trends(scene.engine, "nhi_overdue")]
    assert found == [first + timedelta(weeks=week) for week in range(2, RUNS + 2)]


def test_the_most_frequent_reasons(scene: Scene) -> None:
    run = planned_run(scene)
    reasons = ["settled"] * 3 + ["on_plan"] * 2 + ["no_phone"] * 2 + ["minor"]
    for number, reason in enumerate(reasons):
        create_notice(scene.owner, run, f"nhi/2026/4/{number}", NoticeState.SUPPRESSED, reason=reason)
    found = main_reasons(load_trends(scene.engine, "nhi_overdue"))
    assert len(found) == REASONS
    assert found[0] == "settled"
    assert "minor" not in found
