"""What should have run and has not: timetable against ledger, with why, and what to do."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from oshirase.adapters.settings import load_campaign
from oshirase.domain.calendar import JST
from oshirase.services.approval import reject_campaign_run
from oshirase.services.campaign_run import expire_campaign_run, open_campaign_run
from oshirase.services.missed import GRACE, PastOccurrence, Standing, list_missed, list_never_run, list_past
from tests.ledger import create_run
from tests.people import create_debtor, create_load, create_payment
from tests.scene import OCCURRENCE, Scene

MIDNIGHT = OCCURRENCE.replace(hour=0)
NEXT_DAY = datetime(2026, 10, 3, 9, 0, tzinfo=JST)


def past(scene: Scene, now: datetime, since: date | None = None) -> list[PastOccurrence]:
    return list_past(scene.engine, [scene.campaign], scene.city, now, since)


def missed(scene: Scene, now: datetime, since: date | None = None) -> list[tuple[str, Standing]]:
    found = list_missed(scene.engine, [scene.campaign], scene.city, now, since)
    return [(f"{one.occurrence_at:%m-%d}", one.standing) for one in found]


def the_one(scene: Scene, now: datetime) -> PastOccurrence:
    """How the occurrence of 2 October stands."""
    (found,) = [one for one in past(scene, now) if one.occurrence_at == OCCURRENCE]
    return found


def fresh(scene: Scene, now: datetime) -> None:
    create_load(scene.owner, "payment", now)


def opened_at(scene: Scene, moment: datetime) -> UUID:
    scene.clock.moment = moment
    return scene.open()


class TestWhichAreMissed:
    def test_a_campaign_that_never_ran_has_missed_nothing(self, scene: Scene) -> None:
        assert missed(scene, NEXT_DAY) == []
        assert [c.name for c in list_never_run(scene.engine, [scene.campaign])] == ["nhi_overdue"]

    def test_unless_one_says_since_when_it_should_have(self, scene: Scene) -> None:
        assert missed(scene, NEXT_DAY, since=date(2026, 9, 2)) == [
            ("09-02", Standing.NOT_OPENED), ("10-02", Standing.NOT_OPENED),
        ]  # fmt: skip
        assert missed(scene, NEXT_DAY, since=date(2026, 9, 3)) == [("10-02", Standing.NOT_OPENED)]

    def test_nothing_is_missed_before_the_first_run(self, scene: Scene) -> None:
        scene.plan(scene.open(datetime(2026, 9, 2, 10, tzinfo=JST)))
        assert missed(scene, NEXT_DAY) == [("10-02", Standing.NOT_OPENED)]
        assert list_never_run(scene.engine, [scene.campaign]) == []

    def test_one_looks_back_92_days(self, scene: Scene) -> None:
        scene.plan(scene.open(datetime(2026, 7, 2, 10, tzinfo=JST)))
        assert missed(scene, datetime(2026, 11, 30, 9, tzinfo=JST)) == [
            ("09-02", Standing.NOT_OPENED), ("10-02", Standing.NOT_OPENED), ("11-05", Standing.NOT_OPENED),
        ]  # fmt: skip

    def test_an_occurrence_to_come_is_not_missed(self, scene: Scene) -> None:
        scene.plan(scene.open(datetime(2026, 9, 2, 10, tzinfo=JST)))
        assert missed(scene, OCCURRENCE - timedelta(microseconds=1)) == []

    def test_nor_is_one_whose_time_has_just_come(self, scene: Scene) -> None:
        scene.plan(scene.open(datetime(2026, 9, 2, 10, tzinfo=JST)))
        assert the_one(scene, OCCURRENCE).standing is Standing.STARTING
        assert missed(scene, OCCURRENCE + GRACE - timedelta(microseconds=1)) == []
        assert missed(scene, OCCURRENCE + GRACE) == [("10-02", Standing.NOT_OPENED)]

    def test_campaigns_have_beginnings_of_their_own(self, scene: Scene) -> None:
        scene.plan(scene.open(datetime(2026, 9, 2, 10, tzinfo=JST)))
        notice = load_campaign("public_notice")
        opened = datetime(2026, 10, 5, 10, tzinfo=JST)
        open_campaign_run(scene.engine, notice.name, opened, opened, "test")
        found = list_missed(scene.engine, [notice, scene.campaign], scene.city, datetime(2026, 10, 9, 9, tzinfo=JST))
        assert [(one.campaign, f"{one.occurrence_at:%m-%d}") for one in found] == [
            ("nhi_overdue", "10-02"), ("public_notice", "10-05"), ("public_notice", "10-08"),
        ]  # fmt: skip

    def test_what_the_timetable_does_not_plan_any_more_is_told(self, scene: Scene) -> None:
        opened_at(scene, OCCURRENCE)
        create_run(scene.owner, "2026-10-01")
        assert [f"{one.occurrence_at:%m-%d}" for one in past(scene, NEXT_DAY)] == ["10-01", "10-02"]


class TestWhy:
    def test_airflow_did_not_run_it(self, scene: Scene) -> None:
        found = past(scene, NEXT_DAY, since=OCCURRENCE.date())[0]
        assert found.sentence == (
            "Airflow で実行されていません（DAG が停止中か、スケジューラーが止まっていた可能性があります）。"
        )
        assert "oshirase backfill nhi_overdue --from 2026-10-02 --to 2026-10-02" in found.action
        assert found.campaign_run_id is None

    @pytest.mark.parametrize(("days", "is_late"), [(14, False), (15, True)])
    def test_so_late_that_the_approver_has_to_say_why(self, scene: Scene, days: int, is_late: bool) -> None:
        found = past(scene, OCCURRENCE + timedelta(days=days), since=OCCURRENCE.date())[0]
        assert ("承認のときに理由が必要です" in found.sentence) is is_late

    def test_it_waits_for_records(self, scene: Scene) -> None:
        run = opened_at(scene, OCCURRENCE)
        found = the_one(scene, OCCURRENCE.replace(hour=16, minute=59))
        assert (found.standing, found.is_missed, found.campaign_run_id) == (Standing.OPENED, False, run)
        assert found.sentence.startswith("記録の更新を待っています。「収納")

    def test_it_is_being_planned(self, scene: Scene) -> None:
        fresh(scene, OCCURRENCE)
        opened_at(scene, OCCURRENCE)
        found = the_one(scene, OCCURRENCE + timedelta(minutes=1))
        assert (found.standing, found.is_missed) == (Standing.OPENED, False)
        assert "記録の更新" not in found.sentence

    def test_records_did_not_come_until_the_window_closed(self, scene: Scene) -> None:
        opened_at(scene, OCCURRENCE)
        found = the_one(scene, OCCURRENCE.replace(hour=17))
        assert (found.standing, found.is_missed) == (Standing.NOT_PLANNED, True)
        assert found.sentence.startswith("記録が更新されないまま、送信時間が終わりました。")
        assert found.action.startswith("先に取込みを済ませてください。")

    def test_planning_failed(self, scene: Scene) -> None:
        opened_at(scene, OCCURRENCE)
        fresh(scene, OCCURRENCE)
        found = the_one(scene, OCCURRENCE.replace(hour=17))
        assert (found.standing, found.is_missed) == (Standing.NOT_PLANNED, True)
        assert "手順の失敗" in found.sentence

    def test_a_run_that_was_opened_at_night_has_until_the_next_window_closes(self, scene: Scene) -> None:
        opened_at(scene, datetime(2026, 10, 2, 22, tzinfo=JST))
        assert missed(scene, datetime(2026, 10, 5, 16, tzinfo=JST)) == []
        assert missed(scene, datetime(2026, 10, 5, 17, tzinfo=JST)) == [("10-02", Standing.NOT_PLANNED)]

    def test_it_expired_because_the_records_were_too_old(self, scene: Scene) -> None:
        run = opened_at(scene, OCCURRENCE)
        reason = "記録が更新されなかったため、送信せずに終了しました。「収納」の取込みがまだありません。"
        expire_campaign_run(scene.engine, run, reason, "test", OCCURRENCE.replace(hour=17))
        found = the_one(scene, NEXT_DAY)
        assert (found.standing, found.is_missed) == (Standing.RECORDS_TOO_OLD, True)
        assert reason.rstrip("。") in found.sentence
        assert "① 実行回を開く" in found.action


class TestWhatNeedsNobody:
    def test_it_waits_for_its_approval(self, scene: Scene) -> None:
        create_debtor(scene.owner)
        scene.plan(opened_at(scene, OCCURRENCE))
        found = the_one(scene, NEXT_DAY)
        assert (found.standing, found.is_missed) == (Standing.AWAITS_APPROVAL, False)
        assert found.sentence == "10月2日（金）10:00から承認を待っています（1件）。"

    def test_it_was_approved_and_not_handed_over(self, scene: Scene) -> None:
        create_debtor(scene.owner)
        scene.clock.moment = OCCURRENCE
        scene.approved_run()
        found = the_one(scene, NEXT_DAY)
        assert (found.standing, found.is_missed) == (Standing.NOT_HANDED_OVER, False)
        assert "1件がまだ引き渡されていません" in found.sentence

    def test_what_missed_its_send_window_can_be_planned_anew(self, scene: Scene) -> None:
        create_debtor(scene.owner)
        scene.clock.moment = OCCURRENCE
        run = scene.approved_run()
        scene.clock.moment = NEXT_DAY
        assert scene.send(run) == {"expired": 1}
        found = the_one(scene, NEXT_DAY)
        assert found.standing is Standing.NOT_HANDED_OVER
        assert "うち1件は送信時間を過ぎました" in found.sentence
        scene.plan(run)
        assert the_one(scene, NEXT_DAY).standing is Standing.AWAITS_APPROVAL

    def test_it_is_done(self, scene: Scene) -> None:
        create_debtor(scene.owner)
        scene.clock.moment = OCCURRENCE
        scene.send(scene.approved_run())
        found = the_one(scene, NEXT_DAY)
        assert (found.standing, found.sentence, found.action) == (Standing.DONE, "1件を事業者へ引き渡しました。", "")

    def test_nobody_was_to_be_sent_to(self, scene: Scene) -> None:
        create_debtor(scene.owner, is_protected=True)
        scene.plan(opened_at(scene, OCCURRENCE))
        found = the_one(scene, NEXT_DAY)
        assert (found.standing, found.sentence) == (Standing.DONE, "送信する方はいませんでした。")

    def test_everybody_paid_before_the_hand_over(self, scene: Scene) -> None:
        create_debtor(scene.owner)
        scene.clock.moment = OCCURRENCE
        run = scene.approved_run()
        ((levy,),) = scene.rows("select levy_id from records.levy")
        create_payment(scene.owner, levy, recorded_at=OCCURRENCE)
        scene.send(run)
        assert the_one(scene, NEXT_DAY).standing is Standing.DONE

    def test_somebody_rejected_it(self, scene: Scene) -> None:
        create_debtor(scene.owner)
        run = opened_at(scene, OCCURRENCE)
        reject_campaign_run(scene.engine, run, str(scene.plan(run)), "sato", OCCURRENCE, "件数が多い")
        found = the_one(scene, NEXT_DAY)
        assert (found.standing, found.is_missed) == (Standing.REJECTED, False)
        assert found.sentence == "sato が差し戻しました（件数が多い）。"

    def test_nobody_answered(self, scene: Scene) -> None:
        create_debtor(scene.owner)
        run = opened_at(scene, OCCURRENCE)
        scene.plan(run)
        expire_campaign_run(scene.engine, run, "回答がありませんでした。", "test", OCCURRENCE.replace(hour=17))
        found = the_one(scene, NEXT_DAY)
        assert (found.standing, found.is_missed) == (Standing.EXPIRED, False)
        assert found.sentence == "送信せずに終了しました（回答がありませんでした）。"
