"""The page of missed occurrences."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from oshirase.domain.calendar import JST
from oshirase.web.visitor import Visitor
from tests.people import create_debtor
from tests.scene import OCCURRENCE, Scene
from tests.services.test_campaign_calendar import (
    approve,
    expire,
    leave_behind,
    miss,
    miss_long_ago,
    plan,
    reject,
    send,
    stop,
)
from tests.web.conftest import Open, assert_closed
from tests.web.own_settings import without_names
from tests.web.test_language import JAPANESE

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


@pytest.mark.parametrize(
    ("happen", "said"),
    [
        (Scene.open, "Waits for newer records"),
        (plan, "Awaits an approval since 2026-10-02 10:00 (1 messages)"),
        (approve, "Approved, but 1 have not been handed over"),
        (leave_behind, "clear it from the planning task"),
        (send, "1 were handed over to the gateway"),
        (reject, "sato sent it back"),
        (expire, "Ended without sending"),
        (stop, "sato stopped it"),
        (miss, "Look at it with <code>oshirase backfill nhi_overdue --from 2026-10-02 --to 2026-10-02</code>"),
        (miss_long_ago, "More than 14 days have passed"),
    ],
)
def test_in_english_only_names_and_reasons_are_japanese(
    scene: Scene, open_as: Open, happen: Callable[[Scene], object], said: str
) -> None:
    happen(scene)
    page = open_as(CLERK).get("/occurrences?whole=true&language=en").text
    assert said in page
    assert_closed(page)
    typed = re.compile("件数が多い|回答がありませんでした|文面の誤り")
    assert JAPANESE.findall(typed.sub("", without_names(page))) == []
