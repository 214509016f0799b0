"""The first page: what needs a person, by real histories; all campaigns at a glance."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import event, text

from oshirase.adapters.database import campaign_engine
from oshirase.domain.alert import Alert, AlertKind
from oshirase.domain.calendar import JST
from oshirase.services.alert_book import keep_found
from oshirase.services.campaign_run import open_campaign_run
from oshirase.services.sending_lock import lock_sending
from oshirase.services.stop import stop_campaign_run
from oshirase.services.unknown import SETTLING
from oshirase.web.visitor import Visitor
from tests.people import create_debtor, create_load
from tests.scene import OCCURRENCE, Scene
from tests.services.test_unknown import run_with_lost_answer
from tests.web.conftest import Open, assert_closed
from tests.web.own_settings import copy_settings, without_names
from tests.web.test_language import JAPANESE

ALL = frozenset({"nhi_overdue", "late_elderly_overdue", "plan_default", "health_check", "public_notice"})
CLERK = Visitor("sato", frozenset({"nhi_overdue"}), frozenset())
HEAD = Visitor("mori", ALL, ALL)
STRANGER = Visitor("kato", frozenset(), frozenset())
NEXT_DAY = datetime(2026, 10, 3, 9, 0, tzinfo=JST)
NOTHING = "本日していただくことはありません"
SCRIPT = "<script>alert(1)</script>"


def tasks(page: str) -> list[str]:
    """The tasks as text, in order."""
    listed = re.search(r'<ol class="tasks">(.*?)</ol>', page, re.DOTALL)
    found = re.findall(r"<li>(.*?)</li>", listed[1], re.DOTALL) if listed else []
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", task)).strip() for task in found]


def wait_for_approval(scene: Scene) -> None:
    create_debtor(scene.owner)
    scene.plan(scene.open())


def miss_an_occurrence(scene: Scene) -> None:
    scene.plan(scene.open(datetime(2026, 9, 2, 10, tzinfo=JST)))
    scene.clock.moment = NEXT_DAY


def lose_an_answer(scene: Scene) -> None:
    run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    scene.look_up()


def leave_something_behind(scene: Scene) -> None:
    create_debtor(scene.owner)
    scene.approved_run()
    scene.clock.moment = NEXT_DAY


def let_a_window_close(scene: Scene) -> None:
    leave_something_behind(scene)
    ((run,),) = scene.rows("select campaign_run_id from ledger.campaign_run")
    assert scene.send(run) == {"expired": 1}


def stop_with_bookings(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.approved_run()
    scene.send(run)
    stop_campaign_run(scene.engine, run, "sato", "文面の誤り", scene.clock())


def refuse_a_file(scene: Scene) -> None:
    refused = {"message": f"{SCRIPT}列がありません。", "at": scene.clock() - timedelta(hours=1)}
    with scene.owner.begin() as connection:
        connection.execute(
            text(
                "insert into records.refused_file (extract, file_name, code, message, refused_at)"
                " values ('payment', 'shuno_202610020600.csv', 'x', :message, :at)"
            ),
            refused,
        )


def grow_old(scene: Scene) -> None:
    scene.clock.moment = OCCURRENCE - timedelta(days=1)


def lock(scene: Scene) -> None:
    lock_sending(scene.engine, f"{SCRIPT}誤った文面", "mori", scene.clock())


@pytest.mark.parametrize(
    ("happen", "parts"),
    [
        (lock, ["送信の一時停止", "&lt;script&gt;alert(1)&lt;/script&gt;誤った文面", "oshirase unlock-sending"]),
        (wait_for_approval, ["承認待ち", "1件の送信が承認を待っています（10月6日（火）17:00まで）", "④ 承認"]),
        (miss_an_occurrence, ["実行されていない予定日", "oshirase backfill nhi_overdue --from 2026-10-02"]),
        (lose_an_answer, ["結果不明のお知らせが1件あります", "再送するか"]),
        (leave_something_behind, ["引渡しの残り", "1件がまだ引き渡されていません", "③ 対象者の抽出"]),
        (let_a_window_close, ["引渡しの残り", "うち1件は送信時間を過ぎました"]),
        (stop_with_bookings, ["停止した実行回の予約1件が、まだ取り消されていません", "納付状況との照合"]),
        (refuse_a_file, ["取り込めないファイル", "（shuno_202610020600.csv）", "取込みのフォルダーに置いて"]),
        (grow_old, ["記録の更新待ち", "「収納」の取込みがまだありません", "10月2日（金）10:00"]),
    ],
)
def test_what_needs_a_person(scene: Scene, open_as: Open, happen: Callable[[Scene], None], parts: list[str]) -> None:
    happen(scene)
    told = [task for task in tasks(open_as(CLERK).get("/").text) if parts[0] in task]
    assert len(told) == 1
    assert all(part in told[0] for part in parts), told
    assert tasks(open_as(STRANGER).get("/").text) == []


@pytest.mark.parametrize(
    ("happen", "place"),
    [
        (wait_for_approval, "runs/{run}"),
        (miss_an_occurrence, "campaigns/nhi_overdue?month=2026-10#todo-2026-10-02"),
        (lose_an_answer, "undecided"),
        (stop_with_bookings, "runs/{run}"),
        (grow_old, "campaigns/nhi_overdue"),
    ],
)
def test_each_leads_to_where_one_sees_to_it(
    scene: Scene, open_as: Open, happen: Callable[[Scene], None], place: str
) -> None:
    happen(scene)
    runs = scene.rows("select campaign_run_id from ledger.campaign_run order by occurrence_on desc")
    assert f'<p><a href="{place.format(run=runs[0][0] if runs else None)}">' in open_as(CLERK).get("/").text


def test_the_most_urgent_comes_first(scene: Scene, open_as: Open) -> None:
    create_load(scene.owner, "payment", OCCURRENCE)
    refuse_a_file(scene)
    scene.clock.moment += timedelta(hours=2)
    refuse_a_file(scene)
    miss_an_occurrence(scene)
    scene.clock.moment = OCCURRENCE
    stop_with_bookings(scene)
    lock(scene)
    labels = [task.split(" ")[0] for task in tasks(open_as(HEAD).get("/").text)]
    assert labels[:2] == ["送信の一時停止", "停止した予約の取消し"]
    assert labels.index("取り込めないファイル") < labels.index("記録の更新待ち")


def test_what_has_been_seen_to_is_gone(scene: Scene, open_as: Open) -> None:
    create_load(scene.owner, "payment", OCCURRENCE - timedelta(days=2))
    refuse_a_file(scene)
    stop_with_bookings(scene)
    page = open_as(CLERK).get("/").text
    assert "取り込めないファイル" in page
    assert "停止した予約の取消し" in page
    create_load(scene.owner, "payment", scene.clock())
    scene.reconcile()
    page = open_as(CLERK).get("/").text
    assert NOTHING in page


def test_what_missed_its_window_long_ago_is_left_alone(scene: Scene, open_as: Open) -> None:
    let_a_window_close(scene)
    create_load(scene.owner, "payment", OCCURRENCE + timedelta(days=40))
    scene.clock.moment = OCCURRENCE + timedelta(days=15)
    assert "引渡しの残り" not in open_as(CLERK).get("/").text


def test_nothing_says_so(scene: Scene, open_as: Open) -> None:
    create_load(scene.owner, "payment", scene.clock())
    page = open_as(CLERK).get("/").text
    assert NOTHING in page
    assert_closed(page)
    assert open_as(None).get("/").status_code == 401


def test_a_broken_file_is_told_once_and_the_others_are_shown(
    scene: Scene, open_as: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = copy_settings(tmp_path, monkeypatch)
    change("campaigns/plan_default.toml", 'section = "premium"', 'section = "nowhere"')
    page = open_as(HEAD).get("/").text
    told = [task for task in tasks(page) if "設定の誤り" in task]
    assert len(told) == 1
    assert "plan_default.toml" in told[0]
    assert "特定健診 受診のご案内" in page
    change("city.toml", "yen_per_part = 11.0", "yen_per_part = 0")
    told = [task for task in tasks(open_as(HEAD).get("/").text) if "設定の誤り" in task]
    assert len(told) == 1
    assert "city.toml" in told[0]


def test_all_campaigns_at_a_glance(scene: Scene, open_as: Open) -> None:
    for _ in range(3):
        create_debtor(scene.owner)
    run = scene.approved_run()
    scene.send(run)
    client = open_as(HEAD)
    page = client.get("/").text
    assert f'<a href="runs/{run}">2026年10月2日' in page
    assert "3件" in page
    assert "結果待ち" in page
    assert all(f'href="campaigns/{name}"' in page and f'href="campaigns/{name}/effect"' in page for name in ALL)
    assert "2026年11月5日" in page
    scene.clock.advance(days=3)
    scene.collect()
    page = client.get("/").text
    assert "100.0%" in page
    assert "結果が届いた3件のうち" in page
    assert "late_elderly" not in open_as(CLERK).get("/").text


def test_more_campaigns_are_no_more_queries(scene: Scene, open_as: Open) -> None:
    scene.clock.moment = OCCURRENCE - timedelta(hours=1)
    asked: list[str] = []
    event.listen(campaign_engine(), "before_cursor_execute", lambda *call: asked.append(call[2]))
    counts = []
    for names in (["nhi_overdue"], sorted(ALL)):
        for name in names:
            open_campaign_run(scene.engine, name, OCCURRENCE - timedelta(days=70), OCCURRENCE, "test")
        asked.clear()
        page = open_as(Visitor("mori", frozenset(names), frozenset())).get("/").text
        assert page.count("/effect") == len(names)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_titles_and_reasons_are_text(
    scene: Scene, open_as: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = copy_settings(tmp_path, monkeypatch)
    change("campaigns/nhi_overdue.toml", "国民健康保険料 納付確認のお知らせ", SCRIPT)
    refuse_a_file(scene)
    wait_for_approval(scene)
    page = open_as(CLERK).get("/").text
    assert_closed(page)
    assert page.count("&lt;script&gt;") > 3


def test_in_english_only_names_are_japanese(scene: Scene, open_as: Open) -> None:
    open_campaign_run(scene.engine, "late_elderly_overdue", OCCURRENCE - timedelta(days=60), OCCURRENCE, "test")
    wait_for_approval(scene)
    run_with_lost_answer(scene, accepted=False)
    grow_old(scene)
    scene.clock.moment = OCCURRENCE + timedelta(days=4)
    page = open_as(HEAD).get("/?language=en").text
    assert len(tasks(page)) > 3
    assert JAPANESE.findall(without_names(page)) == []


def test_open_alerts_of_what_one_may_see(scene: Scene, open_as: Open) -> None:
    run = UUID(int=1)
    found = [
        Alert(AlertKind.ERROR_RATE, "a", f"多い{SCRIPT}", "見る", f"runs/{run}", "nhi_overdue"),
        Alert(AlertKind.APPROVAL_WAITING, "b", "待っています", "急ぐ", f"runs/{run}", "plan_default"),
        Alert(AlertKind.UPKEEP_LATE, "watch", "止まっています", "動かす"),
    ]
    keep_found(scene.engine, found, [], [], OCCURRENCE)
    page = open_as(CLERK).get("/").text
    assert_closed(page)
    assert f'<a href="runs/{run}">送信エラーの増加</a>' in page
    assert "止まっています" in page
    assert "待っています" not in page
    assert "待っています" in open_as(HEAD).get("/").text
    assert "警報" not in open_as(STRANGER).get("/").text
    assert "Upkeep has stopped" in open_as(CLERK).get("/?language=en").text
    keep_found(scene.engine, [], list(AlertKind), [], OCCURRENCE)
    assert "警報" not in open_as(CLERK).get("/").text
