"""The page of missed occurrences."""

from datetime import datetime, timedelta

from oshirase.domain.calendar import JST
from oshirase.web.visitor import Visitor
from tests.people import create_debtor
from tests.scene import OCCURRENCE, Scene
from tests.web.conftest import Open

CLERK = Visitor("sato", frozenset({"nhi_overdue"}), frozenset())
OTHER = Visitor("kato", frozenset({"health_check"}), frozenset())


def test_what_was_missed_with_the_command_that_recovers_it(scene: Scene, open_as: Open) -> None:
    scene.open(datetime(2026, 9, 2, 10, 0, tzinfo=JST))
    scene.clock.moment = OCCURRENCE + timedelta(days=1)
    page = open_as(CLERK).get("/occurrences").text
    assert "10月2日（金）10:00" in page
    assert "Airflow で実行されていません" in page
    assert "oshirase backfill nhi_overdue --from 2026-10-02 --to 2026-10-02" in page


def test_all_of_them_lead_to_their_runs(scene: Scene, open_as: Open) -> None:
    create_debtor(scene.owner)
    run = scene.approved_run()
    scene.send(run)
    scene.clock.moment = OCCURRENCE + timedelta(days=1)
    client = open_as(CLERK)
    assert "実行されていない予定日はありません" in client.get("/occurrences").text
    page = client.get("/occurrences?whole=true").text
    assert f'href="runs/{run}"' in page
    assert "1件を事業者へ引き渡しました" in page


def test_only_of_campaigns_that_one_may_see(scene: Scene, open_as: Open) -> None:
    scene.open(datetime(2026, 9, 2, 10, 0, tzinfo=JST))
    scene.clock.moment = OCCURRENCE + timedelta(days=1)
    assert "国民健康保険料" not in open_as(OTHER).get("/occurrences?whole=true").text
    assert open_as(None).get("/occurrences").status_code == 401
