"""The inbox page: what each telephone got, as staff see it when they are trained and when a demo runs.

The page needs no token, so that it can simply be opened; the emulator therefore listens on the loopback address unless
told otherwise. It shows and never changes anything, loads nothing from another host, and works without its script,
which only keeps the page current. It speaks the language that the pages in Airflow speak, chosen there or here.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from oshirase.domain.text import split_parts, utf16_units
from oshirase.web.language import COOKIE, LANGUAGES, N_, Language, translations
from oshirase.web.rendering import language_of
from sandbox.gateway import lifecycle
from sandbox.gateway.contract import JST
from sandbox.gateway.emulator import Emulator
from sandbox.gateway.lifecycle import Message
from sandbox.gateway.store import Conversation
from sandbox.gateway.validation import MessageQuery

HERE = Path(__file__).parent
TELEPHONES_PER_PAGE = 20
BUBBLES_PER_PAGE = 30
WEEKDAYS = "月火水木金土日"
CATALOGUES = HERE / "locale" / "en"
_A_YEAR = 365 * 24 * 3600

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Shown(NamedTuple):
    """How a state is put: the kind (a class of the style sheet), a short label and a sentence."""

    kind: str
    label: str
    sentence: str


class Tab(NamedTuple):
    """One way to narrow the list: its key in the address, its label, and the states it stands for."""

    key: str
    label: str
    state: Mapping[str, str]


SHOWN: Mapping[tuple[str, str], Shown] = {
    ("waiting", "none"): Shown("booked", N_("送信予約"), N_("予約された日時に送信します")),
    ("canceled", "none"): Shown("canceled", N_("取消済み"), N_("送信前に取り消されました")),
    ("error", "none"): Shown("failed", N_("送信不可"), N_("送信期限を過ぎたため、送信されませんでした")),
    ("done", "none"): Shown("sent", N_("送信済み"), N_("送信しました。着信を確認しています")),
    ("done", "received"): Shown("received", N_("着信"), N_("この電話に届きました")),
    ("done", "unconnected"): Shown("pending", N_("圏外"), N_("電波の届かない場所にあるか、電源が入っていません")),
    ("done", "error"): Shown("failed", N_("不達"), N_("お届けできませんでした")),
    ("done", "unknown"): Shown("failed", N_("着信不明"), N_("届いたかどうかを確認できませんでした")),
}

TABS = (
    Tab("all", N_("すべて"), {}),
    Tab("received", N_("着信"), {"sent_result": "received"}),
    Tab("sent", N_("着信確認中"), {"status": "done", "sent_result": "none"}),
    Tab("unconnected", N_("圏外"), {"sent_result": "unconnected"}),
    Tab("booked", N_("送信予約"), {"status": "waiting"}),
    Tab("canceled", N_("取消済み"), {"status": "canceled"}),
    Tab("error", N_("不達"), {"sent_result": "error"}),
    Tab("unknown", N_("着信不明"), {"sent_result": "unknown"}),
    Tab("expired", N_("送信不可"), {"status": "error"}),
)

CARRIERS = {"docomo": N_("ドコモ"), "au": "au", "softbank": N_("ソフトバンク"), "rakuten": N_("楽天モバイル")}


class Place(NamedTuple):
    """Where the reader is: search, tab, page of the list, telephone opened, page of its messages."""

    digits: str
    tab: Tab
    page: int
    to: str
    older: int

    def address(self, **changes: str | int) -> str:
        """Return the page's address after `changes`, the defaults left out."""
        now = {"q": self.digits, "state": self.tab.key, "page": self.page, "to": self.to, "older": self.older}
        defaults = {"q": "", "state": "all", "page": 1, "to": "", "older": 1}
        query = {key: value for key, value in {**now, **changes}.items() if value != defaults.get(key)}
        return f"/?{urlencode(query)}" if query else "/"


def inbox_routes(emulator: Emulator, sender: str) -> list[BaseRoute]:
    """Route the page and its style sheet, script and icon."""

    async def show_inbox(request: Request) -> Response:
        language = language_of(request)
        content = _content(emulator, read_place(request.query_params))
        page = _environment(language).get_template("inbox.html").render(content, sender=sender, language=language)
        answer = HTMLResponse(page, headers=HEADERS)
        if request.query_params.get("language") in LANGUAGES:
            answer.set_cookie(COOKIE, language, _A_YEAR, httponly=True, samesite="lax")
        return answer

    return [
        Route("/", show_inbox, methods=["GET"]),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]


def read_place(query: Mapping[str, str]) -> Place:
    """Read the address; what makes no sense falls back to the first page of everything."""
    digits = "".join(character for character in _to_ascii(query.get("q", "")) if character.isdecimal())[:11]
    tab = next((tab for tab in TABS if tab.key == query.get("state")), TABS[0])
    return Place(digits, tab, _page_number(query, "page"), query.get("to", "")[:11], _page_number(query, "older"))


def moment(instant: int) -> str:
    """Write epoch seconds as `11月24日(火) 10:00`."""
    local = datetime.fromtimestamp(instant, JST)
    return f"{local.month}月{local.day}日({WEEKDAYS[local.weekday()]}) {local:%H:%M}"


def _moment_in_english(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant, JST):%Y-%m-%d %H:%M}"


def telephone(number: str) -> str:
    """Write an 11-digit number as it is read: 090-0001-0001."""
    return f"{number[:3]}-{number[3:7]}-{number[7:]}"


def _content(emulator: Emulator, place: Place) -> dict[str, Any]:
    now = emulator.now()
    conversations, telephones = emulator.store.find_conversations(
        place.digits, place.tab.state, now, page=place.page, per_page=TELEPHONES_PER_PAGE
    )
    counts = emulator.store.count_by_state(now)
    return {
        "place": place,
        "now": now,
        "languages": LANGUAGES,
        "messages": sum(counts.values()),
        "tabs": [(tab, _count(counts, tab)) for tab in TABS],
        "conversations": [_row(conversation, now) for conversation in conversations],
        "telephones": telephones,
        "pages": max(1, -(-telephones // TELEPHONES_PER_PAGE)),
        **_phone(emulator, place, now),
    }


def _phone(emulator: Emulator, place: Place, now: int) -> dict[str, Any]:
    """Return what the drawing of the telephone shows, in the order of time; nothing when none is opened."""
    if not place.to:
        return {"bubbles": [], "has_older": False}
    messages, has_older = emulator.store.find(MessageQuery({"to": place.to}, place.older, BUBBLES_PER_PAGE), now)
    bubbles = sorted((_bubble(message, now) for message in reversed(messages)), key=itemgetter("at"))
    return {"bubbles": bubbles, "has_older": has_older}


def _row(conversation: Conversation, now: int) -> dict[str, Any]:
    return {**_bubble(conversation.last, now), "messages": conversation.messages}


def _bubble(message: Message, now: int) -> dict[str, Any]:
    status, sent_result = lifecycle.status_at(message, now), lifecycle.sent_result_at(message, now)
    return {
        "to": message.to,
        "body": message.body,
        "parts": [(part, utf16_units(part)) for part in split_parts(message.body)],
        "shown": SHOWN[status, sent_result],
        "charged_parts": lifecycle.charged_parts_at(message, now),
        "carrier": CARRIERS.get(lifecycle.carrier_at(message, now)),
        "is_shorten": message.is_shorten,
        "at": message.concluded_at if sent_result == "received" else message.due_at,
    }


def _count(counts: Mapping[tuple[str, str], int], tab: Tab) -> int:
    """Count the messages in the states of a tab."""
    return sum(
        messages
        for (status, sent_result), messages in counts.items()
        if {"status": status, "sent_result": sent_result}.items() >= tab.state.items()
    )


def _page_number(query: Mapping[str, str], name: str) -> int:
    value = query.get(name, "")
    return max(1, int(value)) if value.isascii() and value.isdecimal() and len(value) <= 9 else 1


def _to_ascii(text: str) -> str:
    """Turn full-width digits, as a Japanese keyboard types them, into ASCII ones."""
    return text.translate({0xFF10 + digit: str(digit) for digit in range(10)})


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # A method that the extension adds, which its types do not know.
    environment.install_gettext_translations(translations(language, CATALOGUES), newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(
        moment=moment if language == "ja" else _moment_in_english, telephone=telephone, grouped="{:,}".format
    )
    return environment
