"""The inbox page: what each telephone got, as staff see it when they are trained and when a demo runs.

The page needs no token, so that it can simply be opened; the emulator therefore listens on the loopback address unless
told otherwise. It shows and never changes anything, loads nothing from another host, and works without its script,
which only keeps the page current.
"""

from collections.abc import Mapping
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

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
    ("waiting", "none"): Shown("booked", "送信予約", "予約された日時に送信します"),
    ("canceled", "none"): Shown("canceled", "取消済み", "送信前に取り消されました"),
    ("error", "none"): Shown("failed", "送信不可", "送信期限を過ぎたため、送信されませんでした"),
    ("done", "none"): Shown("sent", "送信済み", "送信しました。着信を確認しています"),
    ("done", "received"): Shown("received", "着信", "この電話に届きました"),
    ("done", "unconnected"): Shown("pending", "圏外", "電波の届かない場所にあるか、電源が入っていません"),
    ("done", "error"): Shown("failed", "不達", "お届けできませんでした"),
    ("done", "unknown"): Shown("failed", "着信不明", "届いたかどうかを確認できませんでした"),
}

TABS = (
    Tab("all", "すべて", {}),
    Tab("received", "着信", {"sent_result": "received"}),
    Tab("sent", "着信確認中", {"status": "done", "sent_result": "none"}),
    Tab("unconnected", "圏外", {"sent_result": "unconnected"}),
    Tab("booked", "送信予約", {"status": "waiting"}),
    Tab("canceled", "取消済み", {"status": "canceled"}),
    Tab("error", "不達", {"sent_result": "error"}),
    Tab("unknown", "着信不明", {"sent_result": "unknown"}),
    Tab("expired", "送信不可", {"status": "error"}),
)

CARRIERS = {"docomo": "ドコモ", "au": "au", "softbank": "ソフトバンク", "rakuten": "楽天モバイル"}


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
        query = {key: value for key, value in {**now, **changes}.items() if value != defaults[key]}
        return f"/?{urlencode(query)}" if query else "/"


def inbox_routes(emulator: Emulator, sender: str) -> list[BaseRoute]:
    """Route the page and its style sheet, script and icon."""
    template = _environment().get_template("inbox.html")

    async def show_inbox(request: Request) -> Response:
        page = template.render(_content(emulator, read_place(request.query_params)), sender=sender)
        return HTMLResponse(page, headers=HEADERS)

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
        "shown": SHOWN[status, sent_result],
        "details": _details(message, now),
        "at": message.concluded_at if sent_result == "received" else message.due_at,
    }


def _details(message: Message, now: int) -> list[str]:
    """Return what is put in small print below a bubble."""
    carrier = CARRIERS.get(lifecycle.carrier_at(message, now))
    parts = lifecycle.charged_parts_at(message, now)
    return [
        *([f"課金 {parts} 通"] if parts else []),
        *([carrier] if carrier else []),
        *(["短縮URL"] if message.is_shorten else []),
    ]


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


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=moment, telephone=telephone, grouped=lambda number: f"{number:,}")
    return environment
