"""The page of a campaign's effect: the answer first, and nothing in it that is not so."""

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest

from oshirase.services.measurement import keep_measurement
from oshirase.web.visitor import Visitor
from tests.scene import OCCURRENCE, Scene
from tests.seasons import CLEAR, FEW, NO_HOLD_OUT, SAME, TAKE_UP, WORSE, make_arm, make_run, make_season
from tests.web.conftest import Open, assert_closed
from tests.web.test_run import CLERK, READER, STRANGER

HEALTH = Visitor("sato", frozenset({"health_check", "public_notice"}), frozenset())
PAGE = "/campaigns/nhi_overdue/effect"


def keep(scene: Scene, *runs: Any, days: int = 0, **values: Any) -> None:
    counts = make_season(*runs, **values)
    assert keep_measurement(scene.engine, counts, OCCURRENCE + timedelta(days=days), "test")


def page_of(open_as: Open, path: str = PAGE, who: Visitor = READER) -> str:
    answer = open_as(who).get(path)
    assert answer.status_code == 200
    assert_closed(answer.text)
    return answer.text


def first_sentence(page: str) -> str:
    return re.findall(r'<p class="told">([^<]*)</p>', page)[0]


@pytest.mark.parametrize(
    ("runs", "part"),
    [
        (CLEAR, "送らなかった方より+22.2ポイント高くなりました（95％信頼区間 +15.9〜+27.9ポイント）"),
        (WORSE, "低くなりました"),
        (SAME, "はっきりした差は見られません"),
        (FEW, "人数が少ないため"),
        (NO_HOLD_OUT, "送らなかった方（比較のための方）がいないため"),
    ],
)
def test_the_answer_comes_first(open_as: Open, scene: Scene, runs: tuple[Any, ...], part: str) -> None:
    keep(scene, *runs)
    page = page_of(open_as)
    assert part in first_sentence(page)
    assert "中間の集計" not in page
    assert page.index('class="told"') < page.index("<table")


def test_an_interim_look_says_so_and_gives_no_verdict(open_as: Open, scene: Scene) -> None:
    keep(scene, *CLEAR, known_until=date(2027, 1, 20))
    page = page_of(open_as)
    assert "これまでのところ+22.2ポイント" in first_sentence(page)
    assert "中間の集計です" in page
    assert "増えました" not in page
    assert "高くなりました" not in page


def test_what_cannot_be_known_yet_is_said_to_be_so(open_as: Open, scene: Scene) -> None:
    keep(scene, *CLEAR, known_until=date(2026, 10, 20))
    page = page_of(open_as)
    assert "結果はまだわかりません。2026年11月9日以降" in first_sentence(page)
    assert ">まだ</td>" in page
    assert "static/charts.js" not in page


def test_every_number_of_the_pictures_is_in_a_table(open_as: Open, scene: Scene) -> None:
    keep(scene, *CLEAR)
    page = page_of(open_as)
    dots, curve = (json.loads(found) for found in re.findall(r'<script type="application/json">(.*?)</script>', page))
    (trace,) = dots["data"]
    assert len(trace["x"]) == len(trace["y"]) == 4
    for x, low, high in zip(trace["x"], trace["error_x"]["arrayminus"], trace["error_x"]["array"], strict=True):
        assert f"{x:+.1f}（{x - low:+.1f}〜{x + high:+.1f}）" in page
    message, held_out = curve["data"]
    assert (len(message["x"]), message["y"][3], held_out["y"][30]) == (31, pytest.approx(42.22, abs=0.01), 20)
    assert '<td class="number">42.2%</td>' in page


def test_what_was_told_before_is_shown(open_as: Open, scene: Scene) -> None:
    late = make_run(0, plain=(450, 170), relief=(450, 190), hold_out=(100, 20))
    keep(scene, late, CLEAR[1])
    keep(scene, late, CLEAR[1], days=1, calls=3)
    keep(scene, *CLEAR, days=2)
    history = page_of(open_as).split('id="history"')[1]
    assert re.findall(r"2026年(10月\d日)", history) == ["10月4日", "10月2日"]
    assert "+22.2" in history.split("10月2日")[0]


def test_seasons_can_be_chosen_and_are_put_together(open_as: Open, scene: Scene) -> None:
    keep(scene, *CLEAR)
    keep(scene, *SAME, season=2025)
    page = page_of(open_as)
    assert 'aria-current="page">2026</a>' in page
    assert "全期間" in page
    assert "はっきりした差は見られません" in first_sentence(page_of(open_as, f"{PAGE}?season=2025"))
    assert first_sentence(page_of(open_as, f"{PAGE}?season=1999")) == first_sentence(page)


def test_take_up_is_beside_last_year_s_and_the_reference(open_as: Open, scene: Scene) -> None:
    run = make_run(0, deadline=(450, 120), hold_out=(100, 20))
    keep(scene, run, campaign="health_check", outcome="check_up", take_up=TAKE_UP, calls=12)
    page = page_of(open_as, "/campaigns/health_check/effect", HEALTH)
    for part in ("40.0%", "38.0%", "43.0%", "市町村国保（全国）", "38.2%", "2025年12月1日", ">12</td>", "世帯"):
        assert part in page
    assert "納付額" not in page


def test_a_campaign_without_a_response_shows_deliveries_only(open_as: Open, scene: Scene) -> None:
    keep(scene, make_run(0, plain=(450, 0)), campaign="public_notice", outcome=None)
    page = page_of(open_as, "/campaigns/public_notice/effect", HEALTH)
    assert "効果は測れません" in first_sentence(page)
    assert "100.0%" in page
    assert "信頼区間" not in page


def test_held_out_and_messaged_all_the_same_is_said(open_as: Open, scene: Scene) -> None:
    run = CLEAR[0].model_copy(
        update={"arms": {**CLEAR[0].arms, "hold_out": make_arm(100, 20, is_held_out=True, crossed=4)}}
    )
    keep(scene, run)
    assert "送らなかった方のうち4人" in page_of(open_as)


def test_nothing_was_measured_yet(open_as: Open, scene: Scene) -> None:
    assert "まだ集計がありません" in page_of(open_as)


def test_in_english(open_as: Open, scene: Scene) -> None:
    keep(scene, *CLEAR)
    page = page_of(open_as, f"{PAGE}?language=en", CLERK)
    assert "22.2 points higher than without (95 per cent confidence interval" in first_sentence(page)
    assert not re.search(r"[ぁ-んァ-ヶ]", page.split("<main")[1].replace("国民健康保険料 納付確認のお知らせ", ""))


def test_who_may_not_see_the_campaign_sees_nothing(open_as: Open, scene: Scene) -> None:
    keep(scene, *CLEAR)
    for who, path, code in ((STRANGER, PAGE, 403), (READER, "/campaigns/nobody/effect", 403), (None, PAGE, 401)):
        answer = open_as(who).get(path)
        assert answer.status_code == code
        assert "22.2" not in answer.text


def test_names_of_variants_are_not_run(open_as: Open, scene: Scene) -> None:
    keep(scene, make_run(0, **{"<script>alert(1)</script>": (450, 180), "hold_out": (100, 20)}))
    page = page_of(open_as)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
