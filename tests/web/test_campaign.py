"""The page of one campaign."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from oshirase.adapters.settings import campaign_names
from oshirase.domain.calendar import JST
from oshirase.services.approval import reject_campaign_run
from oshirase.web.campaign import MARKS
from oshirase.web.visitor import Visitor
from tests.people import create_debtor
from tests.scene import OCCURRENCE, Scene
from tests.web.conftest import Open, assert_closed
from tests.web.own_settings import copy_settings, without_names
from tests.web.test_language import JAPANESE

CLERK = Visitor("sato", frozenset({"nhi_overdue", "reconcile_payments"}), frozenset())
HEAD = Visitor("mori", frozenset(campaign_names()), frozenset())
PAGE = "/campaigns/nhi_overdue"
SCRIPT = "<script>alert(1)</script>"


def cell(page: str, month: str, day: int) -> str:
    """A day of a month's table, as text."""
    table = re.search(rf"<caption>{month}</caption>(.*?)</table>", page, re.DOTALL)
    assert table
    (found,) = re.findall(rf'<td[^>]*>\s*<span class="date">{day}(?!\d)(.*?)</td>', table[1], re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found)).strip()


def test_who_may_not_see_it_and_what_is_none(scene: Scene, open_as: Open) -> None:
    client = open_as(CLERK)
    assert client.get(PAGE).status_code == 200
    refused = client.get("/campaigns/health_check")
    assert refused.status_code == 403
    assert "権限がありません" in refused.text
    for name in ("reconcile_payments", "nobody", SCRIPT):
        answer = client.get(f"/campaigns/{name}")
        assert answer.status_code == 404
        assert SCRIPT not in answer.text
    page = client.get("/campaigns/reconcile_payments").text
    assert "お知らせを送信するものではありません" in page
    assert 'href="../"' in page
    assert open_as(None).get(PAGE).status_code == 401


def test_a_page_that_there_is_not(scene: Scene, open_as: Open) -> None:
    answer = open_as(CLERK).get("/campaign")
    assert answer.status_code == 404
    assert "この画面はありません" in answer.text


def test_the_calendar_leads_to_runs_and_to_what_was_missed(scene: Scene, open_as: Open) -> None:
    create_debtor(scene.owner)
    september = scene.open(datetime(2026, 9, 2, 10, tzinfo=JST))
    scene.plan(september)
    scene.clock.moment = OCCURRENCE + timedelta(days=1)
    page = open_as(CLERK).get(PAGE).text
    assert cell(page, "2026年9月", 2) == "✓ 実行済み"
    assert cell(page, "2026年10月", 2) == "✕ 未実行"
    assert cell(page, "2026年10月", 3) == "今日 休 休業日"
    assert cell(page, "2026年11月", 5) == "○ これから"
    assert f'<a href="../runs/{september}"><span aria-hidden="true">✓</span>' in page
    assert '<a href="#todo-2026-10-02">' in page
    assert '<li id="todo-2026-10-02">' in page
    assert "<code>oshirase backfill nhi_overdue --from 2026-10-02 --to 2026-10-02</code>" in page
    assert "「予定日」に 2026-10-02 を入力" in page
    assert page.count('<table class="month">') == 6
    assert_closed(page)


def test_every_mark_has_a_symbol_and_a_word_of_its_own() -> None:
    assert len({symbol for symbol, _ in MARKS.values()}) == len(MARKS)
    assert len({word for _, word in MARKS.values()}) == len(MARKS)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", "2026年10月"),
        ("2027-01", "2027年1月"),
        ("2026-13", "2026年10月"),
        ("x", "2026年10月"),
        ("1026-10", "2026年10月"),
    ],
)
def test_the_month_is_chosen_by_the_address(scene: Scene, open_as: Open, asked: str, shown: str) -> None:
    captions = re.findall("<caption>(.*?)</caption>", open_as(CLERK).get(PAGE, params={"month": asked}).text)
    assert captions[2] == shown


def test_months_lead_over_the_year_s_end(scene: Scene, open_as: Open) -> None:
    page = open_as(CLERK).get(f"{PAGE}?month=2026-12").text
    assert 'href="?month=2026-09#calendar"' in page
    assert 'href="?month=2027-03#calendar"' in page
    assert "祝日が分からない" in open_as(CLERK).get(f"{PAGE}?month=2099-12").text


def test_today_is_that_of_tokyo(scene: Scene, open_as: Open) -> None:
    scene.clock.moment = datetime(2026, 10, 31, 23, 59, tzinfo=JST)
    assert cell(open_as(CLERK).get(PAGE).text, "2026年10月", 31).startswith("今日")
    scene.clock.moment = datetime(2026, 11, 1, 0, 1, tzinfo=JST)
    page = open_as(CLERK).get(PAGE).text
    assert re.findall("<caption>(.*?)</caption>", page)[2] == "2026年11月"
    assert cell(page, "2026年11月", 1).startswith("今日")


def test_trends_with_their_tables(scene: Scene, open_as: Open) -> None:
    client = open_as(CLERK)
    assert "まだ実行されていません" in client.get(PAGE).text
    for _ in range(3):
        create_debtor(scene.owner)
    create_debtor(scene.owner, is_protected=True)
    scene.send(scene.approved_run())
    scene.clock.advance(days=3)
    scene.collect()
    page = client.get(PAGE).text
    assert page.count('<figure class="chart">') == 4
    assert page.count('<script type="application/json">') == 4
    rows = re.findall(r'<td class="number">2026-10-02</td>(.*?)</tr>', page)
    assert [re.findall(r">([^<]+)</td>", row) for row in rows] == [["3", "3"], ["100.0%", "0.0%"], ["1", "0"], ["0"]]
    assert "支援措置対象" in page
    assert "お知らせの効果ではありません" in page
    assert_closed(page)


def test_settings_at_a_glance(scene: Scene, open_as: Open) -> None:
    page = open_as(HEAD).get(PAGE).text
    for part in (
        "各納期限の2営業日後 10:00", "1回に2,000件まで", "送信100件あたり15件", "5,000件を超えるときは2人",
        "計画から2営業日後", "自動承認はしません", "1／2通目（67文字）", "第1版・割合1・1件あたり2通", "阿良澄区です。",
        'href="../campaigns/nhi_overdue/effect"',
    ):  # fmt: skip
        assert part in page, part
    season = open_as(HEAD).get("/campaigns/health_check").text
    for part in ("8月1日から9月30日まで", "火曜日", "金曜日", "期間を通して1,800件まで", "10%"):
        assert part in season, part


def test_a_broken_file_is_a_sentence(
    scene: Scene, open_as: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = copy_settings(tmp_path, monkeypatch)
    change("campaigns/nhi_overdue.toml", 'section = "premium"', f'section = "{SCRIPT}"')
    answer = open_as(CLERK).get(PAGE)
    assert answer.status_code == 200
    assert "設定ファイルに誤りがあるため" in answer.text
    assert "nhi_overdue.toml: section" in answer.text
    assert_closed(answer.text)


def test_titles_texts_and_reasons_are_text(
    scene: Scene, open_as: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = copy_settings(tmp_path, monkeypatch)
    change("campaigns/nhi_overdue.toml", "国民健康保険料 納付確認のお知らせ", SCRIPT)
    change("campaigns/nhi_overdue.toml", "行き違いの場合は", f"行き違いの場合は{SCRIPT}")
    create_debtor(scene.owner)
    run = scene.open()
    reject_campaign_run(scene.engine, run, str(scene.plan(run)), "mori", scene.clock(), SCRIPT)
    client = open_as(CLERK)
    page = client.get(PAGE).text
    assert_closed(page)
    assert "&lt;script&gt;" in page
    assert_closed(client.get("/occurrences?whole=true").text)


@pytest.mark.parametrize("name", ["nhi_overdue", "health_check"])
def test_in_english_only_names_and_texts_are_japanese(scene: Scene, open_as: Open, name: str) -> None:
    create_debtor(scene.owner)
    scene.send(scene.approved_run())
    scene.clock.moment = OCCURRENCE + timedelta(days=60)
    page = without_names(open_as(HEAD).get(f"/campaigns/{name}?language=en").text)
    page = re.sub(r'<p class="part">.*?</p>', "", page, flags=re.DOTALL)
    assert JAPANESE.findall(page) == []
