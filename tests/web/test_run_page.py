"""What the page of a run shows: every number against the ledger, in every stage, in both languages."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import text

from oshirase.domain.notice import NoticeState
from oshirase.services.approval import note_request
from tests.ledger import create_notice, create_run
from tests.people import create_debtor, create_payment
from tests.scene import OCCURRENCE, Scene
from tests.web.conftest import Open, assert_closed
from tests.web.test_language import JAPANESE
from tests.web.test_run import CLERK, READER, SCRIPT, page_of, stop, waiting

LINK = re.compile(r'<a class="number" href="([^"]*/notices[^"]*)" aria-label="([^"]+)">([\d,]+)件</a>')


def change(scene: Scene, query: str, **binds: Any) -> None:
    with scene.owner.begin() as connection:
        connection.execute(text(query), binds)


@pytest.fixture
def run(scene: Scene) -> UUID:
    """Notices in every state, some for several reasons and on several carriers' telephones."""
    run = create_run(scene.owner)
    states = [*NoticeState, "suppressed", "suppressed", *["delivered"] * 3, "undelivered", "accepted"]
    carriers = iter(["docomo", "au", "docomo", None])
    for number, state in enumerate(states):
        carrier = next(carriers) if state == "delivered" else "docomo"
        create_notice(scene.owner, run, f"nhi/2026/4/{number:010d}", NoticeState(state), carrier=carrier)
    change(scene, "update ledger.notice set reason = 'no_phone' where subject like '%13'")
    change(scene, "update ledger.notice set reason = 'done/power_off' where subject like '%18'")
    change(scene, "update ledger.notice set reason = null where state in ('accepted', 'planned')")
    change(scene, "update ledger.notice set reason = 'no_receipt' where subject like '%19'")
    return run


def links_of(page: str) -> list[tuple[dict[str, list[str]], str, int]]:
    """What each number's list is asked for, its name, and the number."""
    found = []
    for address, name, number in LINK.findall(page):
        chosen: dict[str, list[str]] = {}
        for key, value in parse_qsl(urlsplit(unescape(address)).query):
            chosen.setdefault(key, []).append(value)
        found.append((chosen, unescape(name), int(number.replace(",", ""))))
    return found


def count(scene: Scene, run: UUID, chosen: dict[str, list[str]]) -> int:
    """Behind a link, as the ledger has it."""
    query = text(
        "select count(*) from ledger.notice where campaign_run_id = :run and state = any(:states)"
        " and (cast(:reason as text) is null or reason = :reason)"
        " and (cast(:carrier as text) is null or coalesce(carrier, 'unknown') = :carrier)"
    )
    one = {key: values[0] for key, values in chosen.items()}
    binds = {"run": run, "states": chosen.get("state", [*NoticeState]), "reason": one.get("reason")}
    with scene.owner.connect() as connection:
        return connection.execute(query, {**binds, "carrier": one.get("carrier")}).scalar_one()


# The funnel


def test_every_number_of_the_funnel_is_what_its_list_holds(open_as: Open, scene: Scene, run: UUID) -> None:
    links = links_of(page_of(open_as(CLERK), run))
    assert [(name, number) for chosen, name, number in links if number != count(scene, run, chosen)] == []
    assert len(links) > 20
    assert all(set(chosen) <= {"state", "reason", "carrier"} for chosen, _, _ in links)


def test_each_stage_of_the_funnel_adds_up_to_the_one_before(open_as: Open, scene: Scene, run: UUID) -> None:
    numbers = {
        tuple(sorted(chosen.get("state", []))): number
        for chosen, _, number in links_of(page_of(open_as(CLERK), run))
        if not {"reason", "carrier"} & set(chosen)
    }
    states = {key[0]: number for key, number in numbers.items() if len(key) == 1}
    assert numbers[()] == sum(states.values()) == count(scene, run, {})
    wider = {key: number for key, number in numbers.items() if len(key) > 1}
    assert len(wider) == 2
    assert all(number == sum(states[state] for state in key) for key, number in wider.items())


def test_carriers_and_reasons_have_names(open_as: Open, run: UUID) -> None:
    names = [name for _, name, _ in links_of(page_of(open_as(CLERK), run))]
    expected = ["NTTドコモ 2件の一覧", "au（KDDI） 1件の一覧", "携帯電話会社不明 1件の一覧", "電話番号なし 1件の一覧"]
    assert set(expected) <= set(names)
    assert names.index("納付済み 2件の一覧") < names.index("電話番号なし 1件の一覧")


def test_what_is_approved_is_called_so(open_as: Open, scene: Scene) -> None:
    run = waiting(scene)
    client = open_as(READER)
    assert '"送信の対象 3件の一覧"' in page_of(client, run)
    ((digest,),) = scene.rows("select digest from ledger.campaign_run")
    scene.approve(run, digest)
    assert '"承認された送信の対象 3件の一覧"' in page_of(client, run)


def test_what_has_no_reason_is_told_as_a_part(open_as: Open, scene: Scene, run: UUID) -> None:
    page = page_of(open_as(CLERK), run)
    assert "送達結果待ち 2件の一覧" in page
    assert "送達結果なし 1件の一覧" in page
    assert page.count(">うち</li>") == 1


def test_a_gateway_s_own_words_are_text(open_as: Open, scene: Scene, run: UUID) -> None:
    change(scene, "update ledger.notice set reason = :code where state = 'failed'", code=f"100% {SCRIPT}")
    change(scene, "update ledger.notice set carrier = :code where carrier = 'au'", code=SCRIPT)
    page = page_of(open_as(CLERK), run)
    assert SCRIPT not in page
    assert page.count(f"100% {SCRIPT}".replace("<", "&lt;").replace(">", "&gt;")) == 2
    assert_closed(page)


# Stages


def test_a_run_that_is_being_prepared(open_as: Open, scene: Scene) -> None:
    page = page_of(open_as(READER), scene.open())
    assert "まだ抽出していません" in page
    assert "実行回を開きました" in page
    assert "charts.js" not in page
    assert_closed(page)


def test_a_run_of_nobody(open_as: Open, scene: Scene) -> None:
    run = scene.open()
    scene.plan(run)
    page = page_of(open_as(CLERK), run)
    assert "抽出した方はいません" in page
    assert links_of(page) == []


def received(scene: Scene, people: int = 3) -> UUID:
    """A run of which everybody has got the message, and two have paid since."""
    residents = [create_debtor(scene.owner) for _ in range(people)]
    run = scene.approved_run()
    scene.send(run)
    scene.clock.advance(hours=8)
    scene.collect()
    for resident in residents[:2]:
        levy = scene.rows(f"select levy_id from records.levy where obligor_id = '{resident}'")[0][0]
        create_payment(scene.owner, levy, paid_on=OCCURRENCE.date(), recorded_at=scene.clock())
    scene.clock.advance(hours=1)
    scene.reconcile()
    return run


def test_from_hand_over_to_payment(open_as: Open, scene: Scene) -> None:
    page = page_of(open_as(CLERK), received(scene))
    assert "着信 3件の一覧" in page
    assert "送信後の納付" in page
    assert "送信した3件のうち、2件を確認しています" in page
    assert 'href="../campaigns/nhi_overdue/effect"' in page
    assert page.count('<figure class="chart">') == page.count("<summary>") == 3
    assert "課金された通数は、計算と一致しています" in page
    assert_closed(page)


@pytest.mark.parametrize(
    ("charged", "sentence"), [(3, "計算より3通多く"), (1, "計算より3通少なく"), (None, "まだ届いていません")]
)
def test_counted_against_charged(open_as: Open, scene: Scene, charged: int | None, sentence: str) -> None:
    run = received(scene)
    change(scene, "update ledger.notice set charged_parts = :charged", charged=charged)
    assert sentence in page_of(open_as(CLERK), run)


def test_bookings_by_the_hour_with_what_an_hour_takes(open_as: Open, scene: Scene) -> None:
    scene.pace(per_hour=2)
    for _ in range(3):
        create_debtor(scene.owner)
    run = scene.open()
    scene.plan(run)
    page = page_of(open_as(CLERK), run)
    hours = scene.rows(
        "select count(*) from ledger.notice group by date_trunc('hour', scheduled_at) order by min(scheduled_at)"
    )
    rows = re.findall(r'<td class="number">[^<]+分?</td><td class="number">(\d+)</td><td class="number">0</td>', page)
    assert [int(row) for row in rows] == [number for (number,) in hours]
    assert len(hours) == 2
    # As the settings say: 12 calls an hour at 0.15 calls a message.
    assert "1時間に80件まで" in page


# Texts


def test_a_text_as_a_telephone_shows_it_in_its_parts(open_as: Open, scene: Scene) -> None:
    run = waiting(scene)
    change(scene, "update ledger.message_text set body = :body", body="あ" * 67 + "い" * 10)
    page = page_of(open_as(CLERK), run)
    assert re.search(r"1通目 67字</span>あ{67}</p>", page)
    assert re.search(r"2通目 10字</span>い{10}</p>", page)
    assert re.search(r'notices\?arm=(plain|relief)">この文面を割り当てた方 \d件の一覧', page)


# What waits, and what happened


def test_what_waits_for_a_person(open_as: Open, scene: Scene, run: UUID) -> None:
    change(scene, "update ledger.notice set reason = 'not_found' where state = 'unknown'")
    page = page_of(open_as(CLERK), run)
    assert "結果不明のお知らせが1件あります" in page
    assert 'href="../undecided"' in page
    assert "引渡しの途中で止まったお知らせが1件あります" not in page
    change(scene, "update ledger.notice set lease_until = :past where state = 'claimed'", past=scene.clock())
    assert "引渡しの途中で止まったお知らせが1件あります" in page_of(open_as(CLERK), run)


def test_until_when_an_approval_is_waited_for(open_as: Open, scene: Scene) -> None:
    run = waiting(scene)
    assert "10月6日（火）17:00までに承認されないと" in page_of(open_as(READER), run)
    scene.clock.advance(days=20)
    assert "承認するときは理由の入力が必要です" in page_of(open_as(READER), run)


EVENTS = (
    "実行回を開きました",
    "手動での実行を依頼しました",
    "送信の対象と予約を決め、承認を依頼しました",
    "内容が変わったため立て直し、改めて承認を依頼しました",
    "承認しました",
    "事業者への引渡しを始めました",
    "最初の送達結果を受け取りました",
    "一覧をダウンロードしました",
    "送信を停止しました",
)


def test_what_happened_stands_in_order_with_who_and_when(open_as: Open, scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    scene.clock.advance(minutes=1)
    note_request(scene.engine, run, "tanaka", "triggered", scene.clock())
    scene.clock.advance(minutes=1)
    scene.plan(run)
    create_debtor(scene.owner)
    scene.clock.advance(minutes=1)
    digest = scene.plan(run)
    scene.clock.advance(minutes=1)
    scene.approve(run, digest)
    scene.clock.advance(minutes=1)
    scene.send(run)
    scene.clock.advance(hours=8)
    scene.collect()
    scene.clock.advance(minutes=1)
    change(
        scene,
        "insert into ledger.access (kind, accessed_by, accessed_at, campaign_run_id, rows_count, reason)"
        " values ('list_downloaded', :who, :at, :run, 2, :reason)",
        who=SCRIPT, at=scene.clock(), run=run, reason=f"照合 {SCRIPT}",
    )  # fmt: skip
    scene.clock.advance(minutes=1)
    stop(open_as(CLERK), run, reason="終わり")
    page = page_of(open_as(CLERK), run)
    events = page[page.index('<ol class="events">') : page.index("</ol>")]
    places = [events.index(event) for event in EVENTS]
    assert places == sorted(places)
    moments = re.findall(r'<time datetime="([^"]+)">', events)
    assert moments == sorted(moments)
    assert len(moments) == len(EVENTS)
    assert '<span class="by">tanaka</span>' in events
    assert "（2件）" in events
    assert SCRIPT not in page
    assert events.count("&lt;script&gt;") == 2


# In English

KEPT_JAPANESE = ("国民健康保険料 納付確認のお知らせ", "日本語", "Language / 表示言語", "阿良澄区")


def without_what_residents_read(page: str) -> str:
    page = re.sub(r'<div class="screen" lang="ja">.*?</div>', "", page, flags=re.DOTALL)
    page = re.sub(r'<td lang="ja">.*?</td>', "", page)
    for word in KEPT_JAPANESE:
        page = page.replace(word, "")
    return page


@pytest.mark.parametrize("path", ["", "/report", "/report?download=1"])
@pytest.mark.parametrize("stage", ["preparing", "waiting", "every state", "received", "stopped"])
def test_in_english_only_what_is_japanese_by_nature_stays_so(
    open_as: Open, scene: Scene, request: pytest.FixtureRequest, stage: str, path: str
) -> None:
    if stage == "every state":
        run = request.getfixturevalue("run")
    else:
        run = {"preparing": scene.open, "waiting": lambda: waiting(scene)}.get(stage, lambda: received(scene))()
    client = open_as(CLERK)
    if stage == "stopped":
        stop(client, run, reason="mistake")
    client.cookies.set("oshirase_language", "en")
    page = client.get(f"/runs/{run}{path}").text
    assert '<html lang="en">' in page
    assert JAPANESE.findall(re.sub(r"<style>.*?</style>", "", without_what_residents_read(page), flags=re.DOTALL)) == []
    assert_closed(page)


def test_refusals_are_translated_too(open_as: Open, scene: Scene) -> None:
    client = open_as(CLERK)
    client.cookies.set("oshirase_language", "en")
    answer = client.get(f"/runs/{UUID(int=0)}")
    assert answer.status_code == 404
    assert "There is no such run." in answer.text
