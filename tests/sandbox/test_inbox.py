"""The inbox page, as a browser without script gets it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from oshirase.web.language import COOKIE, translations
from sandbox.gateway import inbox
from sandbox.gateway.testing import HandClock, RunningGateway

Show = Callable[..., str]


@pytest.fixture
def show(gateway: RunningGateway) -> Show:
    def show(**query: Any) -> str:
        answer = requests.get(f"{gateway.address}/", params=query, timeout=5)
        assert answer.status_code == 200
        return answer.text

    return show


def send(gateway: RunningGateway, to: str, body: str = "お知らせ", **fields: str) -> str:
    form = {"service_id": "1", "to": to, "body": body, "is_shorten": "false", **fields}
    return str(requests.post(gateway.messages_url, data=form, headers=gateway.headers, timeout=5).json()["id"])


def test_an_empty_inbox_says_so(show: Show) -> None:
    assert "まだメッセージはありません" in show()


def test_the_page_loads_nothing_from_elsewhere(gateway: RunningGateway) -> None:
    answer = requests.get(f"{gateway.address}/", timeout=5)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", answer.text)
    links = re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text)
    assert len(links) == 3
    assert all(requests.get(gateway.address + link, timeout=5).ok for link in links)


def test_what_a_telephone_got(gateway: RunningGateway, show: Show, hand_clock: HandClock) -> None:
    send(gateway, "09000010001", "あ" * 71)
    hand_clock.advance(hours=6)
    page = show(to="09000010001")
    assert "090-0001-0001 あての" in page
    for piece in ("あ" * 71, "課金 2 通", "11月24日(火) 15:00", "市役所（代表番号）", 'bubble received"'):
        assert piece in page


def test_booked_cancelled_and_failed_are_shown_as_such(
    gateway: RunningGateway, show: Show, hand_clock: HandClock
) -> None:
    send(gateway, "09000010001", scheduled_at=hand_clock.in_future(days=1))
    canceled = send(gateway, "09000010001", scheduled_at=hand_clock.in_future(days=1))
    requests.post(f"{gateway.messages_url}/{canceled}/cancel", headers=gateway.headers, timeout=5)
    send(gateway, "09000010001", limited_at=hand_clock.in_future(days=-1))
    page = show(to="09000010001")
    for piece in ("に送信予定", "送信前に取り消されました", "送信期限を過ぎたため"):
        assert piece in page
    assert 'bubble received"' not in page


def test_texts_are_escaped(gateway: RunningGateway, show: Show) -> None:
    send(gateway, "09000010001", "<script>alert(1)</script>")
    for page in (show(to="09000010001"), show(to='"><blink>'), show(q='"><blink>', state='"><blink>')):
        assert "<script>alert" not in page
        assert "<blink>" not in page
        assert "&lt;script&gt;" in page


def test_search_takes_full_width_digits_and_hyphens(gateway: RunningGateway, show: Show) -> None:
    for number in ("09000010001", "09000020002"):
        send(gateway, number)
    page = show(q="０００１-０００１")
    assert "090-0001-0001" in page
    assert "090-0002-0002" not in page
    assert "見つかりませんでした" in show(q="777")


def test_tabs_narrow_the_list(gateway: RunningGateway, show: Show, hand_clock: HandClock) -> None:
    send(gateway, "09000010001")
    send(gateway, "09000020002", scheduled_at=hand_clock.in_future(days=1))
    page = show(state="booked")
    assert "090-0002-0002" in page
    assert "090-0001-0001" not in page


def test_many_numbers_and_messages_are_paged(gateway: RunningGateway, show: Show) -> None:
    for number in range(1, 22):
        send(gateway, f"090000100{number:02}")
    assert "1 / 2 ページ" in show()
    assert "090-0001-0001" not in show()
    assert "090-0001-0001" in show(page=2)
    for number in range(31):
        send(gateway, "09000010001", f"{number} 通目")
    assert "以前のメッセージを表示" in show(to="09000010001")
    assert "お知らせ" in show(to="09000010001", older=2)


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "x"}, {"older": "-1"}, {"state": "?"}, {"page": "9" * 40}])
def test_a_senseless_address_shows_the_first_page(show: Show, query: dict[str, str]) -> None:
    assert "電話番号の一覧" in show(**query)


def test_a_long_message_is_drawn_in_its_parts_and_read_out_as_one(gateway: RunningGateway, show: Show) -> None:
    send(gateway, "09000010001", "あ" * 67 + "い" * 4)
    send(gateway, "09000010002", "短い")
    page = show(to="09000010001")
    assert re.findall(r'<p class="part" lang="ja">(.*?)</p>', page) == ["あ" * 67, "い" * 4]
    assert re.findall(r'<p class="count">(.*?)</p>', page) == ["1／2通目（67文字）", "2／2通目（4文字）"]
    assert f'<p class="unseen" lang="ja">{"あ" * 67}{"い" * 4}</p>' in page
    assert 'class="part"' not in show(to="09000010002")


def test_updates_can_be_stopped_and_are_announced_politely(show: Show) -> None:
    page = show()
    assert re.search(r'<button type="button"[^>]* id="pause" aria-pressed="false" hidden>', page)
    assert re.search(r'<p class="unseen" role="status" id="news"', page)
    assert "aria-live" not in page


def test_english_is_chosen_and_kept(gateway: RunningGateway) -> None:
    send(gateway, "09000010001", "お知らせ", scheduled_at="2026-11-25T10:00:00+09:00")
    visitor = requests.Session()
    chosen = visitor.get(f"{gateway.address}/?to=09000010001&language=en", timeout=5).text
    kept = visitor.get(f"{gateway.address}/?to=09000010001", timeout=5).text
    assert visitor.cookies[COOKIE] == "en"
    for page in (chosen, kept):
        assert '<html lang="en">' in page
        assert "booked for 2026-11-25 10:00" in page
        ours = re.sub("日本語|表示言語|お知らせ|市役所（代表番号）", "", page)
        assert re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]", ours) == []
    assert "語" in visitor.get(f"{gateway.address}/?language=ja", timeout=5).text
    assert '<html lang="ja">' in visitor.get(gateway.address, timeout=5).text


def test_every_sentence_has_its_english_one_and_nothing_is_left_over() -> None:
    options = {"extensions": "jinja2.ext.i18n", "trimmed": "true"}
    found = list(extract_from_file("jinja2", inbox.HERE / "templates" / "inbox.html", options=options))
    found += extract_from_file("python", inbox.HERE / "inbox.py", keywords={"N_": None})
    sentences = {message for _, message, *_ in found}
    spoken = translations("en", inbox.CATALOGUES)
    assert [sentence for sentence in sentences if spoken.gettext(sentence) == sentence] == []
    with (inbox.CATALOGUES / "inbox.po").open("rb") as file:
        assert {entry.id for entry in read_po(file) if entry.id} == sentences
