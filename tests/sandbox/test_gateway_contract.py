"""The emulator against the published contract, over real HTTP."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from sandbox.gateway.app import Settings
from sandbox.gateway.testing import HandClock, RunningGateway, running_gateway

FORM = {"service_id": "1", "to": "09000010001", "body": "【市】お知らせです。", "is_shorten": "false"}
FIELDS = {
    *("id", "object", "service_id", "billing_address_id", "to", "body", "tags", "is_shorten", "is_shorten_clicked"),
    *("result", "status", "sent_result", "carrier", "charged_count_per_sent", "error", "scheduled_at", "limited_at"),
    *("sent_at", "received_at", "charged_at", "created_at", "updated_at"),
}

Call = Callable[..., requests.Response]
Send = Callable[..., dict[str, Any]]


@pytest.fixture
def call(gateway: RunningGateway) -> Call:
    """Call `messages` + path."""

    def call(method: str, path: str = "", **options: Any) -> requests.Response:
        headers = {**gateway.headers, **options.pop("headers", {})}
        return requests.request(method, gateway.messages_url + path, headers=headers, timeout=5, **options)

    return call


@pytest.fixture
def send(call: Call) -> Send:
    """Send a message and return it; fields set to None are left out."""

    def send(**fields: Any) -> dict[str, Any]:
        answer = call("POST", data={**FORM, **fields})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    return send


def error_of(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"object", "code", "message", "errors"}
    assert body["object"] == "error"
    assert body["message"]
    return answer.status_code, body["code"]


def test_a_new_message(send: Send) -> None:
    message = send(**{"tags[]": ["notice-1", "run-1"]})
    assert set(message) == FIELDS
    assert UUID(message["id"])
    expected = {
        "object": "message",
        "service_id": 1,
        "to": FORM["to"],
        "body": FORM["body"],
        "is_shorten": False,
        "tags": ["notice-1", "run-1"],
        "error": None,
        "scheduled_at": None,
        "limited_at": None,
        "status": "done",
        "result": "processing",
        "sent_result": "unconnected",
        "charged_count_per_sent": 1,
        "created_at": "2026-11-24T09:00:00+09:00",
        "sent_at": "2026-11-24T09:00:00+09:00",
        "received_at": None,
        "charged_at": None,
    }
    assert {key: message[key] for key in expected} == expected


def test_the_same_form_twice_is_two_messages(send: Send, gateway: RunningGateway) -> None:
    assert send()["id"] != send()["id"]
    counts = gateway.counts()
    assert counts["telephones"] == {"09000010001": {"sent": 2, "accepted": 2}}
    assert counts["texts"] == [{"to": "09000010001", "body": FORM["body"], "sent": 2, "accepted": 2}]


def test_a_booking_lives_on_with_the_clock(send: Send, call: Call, hand_clock: HandClock) -> None:
    message = send(scheduled_at=hand_clock.in_future(hours=1), limited_at=hand_clock.in_future(hours=2))
    assert (message["status"], message["result"], message["sent_at"]) == ("waiting", "processing", None)
    assert message["scheduled_at"] == "2026-11-24T10:00:00+09:00"
    hand_clock.advance(hours=1)
    left = call("GET", f"/{message['id']}").json()
    assert (left["status"], left["sent_result"], left["sent_at"]) == ("done", "unconnected", message["scheduled_at"])
    hand_clock.advance(hours=6)
    received = call("GET", f"/{message['id']}").json()
    assert (received["result"], received["sent_result"]) == ("done", "received")
    assert received["received_at"] == received["charged_at"] == received["updated_at"] == "2026-11-24T16:00:00+09:00"


def test_past_its_limit_a_message_never_leaves(send: Send, gateway: RunningGateway, hand_clock: HandClock) -> None:
    message = send(limited_at=hand_clock.in_future(seconds=-1))
    assert (message["status"], message["result"], message["sent_at"]) == ("error", "done", None)
    assert message["charged_count_per_sent"] == 0
    assert (gateway.counts()["sent"], gateway.counts()["accepted"]) == (0, 1)


@pytest.mark.parametrize(
    ("minutes_before", "outcome"),
    [(60, (200, "canceled")), (5, (200, "canceled")), (4.98, (400, "can_not_cancel_message")), (-1, (400, None))],
)
def test_cancelling_until_five_minutes_before(
    send: Send, call: Call, hand_clock: HandClock, minutes_before: float, outcome: tuple[int, str | None]
) -> None:
    message = send(scheduled_at=hand_clock.in_future(hours=2))
    hand_clock.advance(minutes=120 - minutes_before)
    answer = call("POST", f"/{message['id']}/cancel")
    body = answer.json()
    assert (answer.status_code, body.get("status") or body["code"]) == (outcome[0], outcome[1] or body["code"])


def test_what_cannot_be_cancelled(send: Send, call: Call, hand_clock: HandClock) -> None:
    not_booked = send()["id"]
    canceled = send(scheduled_at=hand_clock.in_future(hours=2))["id"]
    call("POST", f"/{canceled}/cancel")
    for message_id in (not_booked, canceled):
        assert error_of(call("POST", f"/{message_id}/cancel")) == (400, "can_not_cancel_message")
    assert error_of(call("POST", f"/{uuid4()}/cancel")) == (404, "model_not_found")


def test_a_cancelled_message_never_leaves(
    send: Send, call: Call, gateway: RunningGateway, hand_clock: HandClock
) -> None:
    call("POST", f"/{send(scheduled_at=hand_clock.in_future(hours=2))['id']}/cancel")
    hand_clock.advance(days=1)
    assert gateway.counts()["telephones"] == {"09000010001": {"sent": 0, "accepted": 1}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("to", value) for value in ("", "0900001000", "090000100011", "090-0001-0001", "+819000010001")],
        ("to", "０９００００１０００１"),
        *[("service_id", value) for value in ("", "0", "-1", "1.5", "one", "9" * 30)],
        *[("body", value) for value in ("", " \n", "あ" * 661, "𠮷" * 331)],
        *[("is_shorten", value) for value in ("1", "yes", "True")],
        *[("scheduled_at", value) for value in ("soon", "2026-11-24", "2026-11-24T10:00:00", "2026-13-01T00:00:00Z")],
        ("scheduled_at", "2026-12-24T09:00:01+09:00"),  # a second more than 30 days ahead
        ("limited_at", "2026-11-24T10:00:00"),
        ("limited_at", "9999-12-31T23:59:59-09:00"),
    ],
)
def test_faulty_fields_are_named(call: Call, gateway: RunningGateway, field: str, value: str) -> None:
    answer = call("POST", data={**FORM, field: value})
    assert error_of(answer) == (422, "validation_error")
    assert list(answer.json()["errors"]) == [field]
    assert all(fault.startswith(field) for fault in answer.json()["errors"][field])
    assert gateway.counts()["accepted"] == 0


def test_a_booking_after_its_limit_is_refused(call: Call, hand_clock: HandClock) -> None:
    times = {"scheduled_at": hand_clock.in_future(hours=2), "limited_at": hand_clock.in_future(hours=1)}
    assert set(call("POST", data=FORM | times).json()["errors"]) == {"scheduled_at"}


def test_every_faulty_field_is_named_at_once(call: Call) -> None:
    assert set(call("POST", json=FORM).json()["errors"]) == {"service_id", "to", "body"}


@pytest.mark.parametrize(
    "fields", [{"body": "あ" * 660}, {"body": "𠮷" * 330}, {"scheduled_at": "2026-12-24T00:00:00Z"}]
)
def test_limits_are_let_in(send: Send, fields: dict[str, str]) -> None:
    assert send(**fields)["id"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": "Bearer wrong"}, 401, "unauthentication"),
        ({"Authorization": "Basic abc"}, 401, "unauthentication"),
        ({"Authorization": None}, 401, "unauthentication"),
        ({"Karaden-Version": "2020-01-01"}, 400, "invalid_version"),
    ],
)
def test_headers(call: Call, headers: dict[str, str], status: int, code: str) -> None:
    for method in ("GET", "POST"):
        assert error_of(call(method, headers=headers)) == (status, code)


def test_the_version_may_be_left_out(call: Call) -> None:
    assert call("GET", headers={"Karaden-Version": None}).status_code == 200


def test_another_tenant(gateway: RunningGateway) -> None:
    answer = requests.get(f"{gateway.base_url}/{uuid4()}/messages", headers=gateway.headers, timeout=5)
    assert error_of(answer) == (400, "invalid_tenant")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"/{uuid4()}"), ("GET", "/x"), ("POST", "/bulks"), ("POST", "/bulks/files"), ("GET", "/bulks/x/messages")],
)
def test_what_is_not_there(call: Call, method: str, path: str) -> None:
    assert error_of(call(method, path)) == (404, "model_not_found")


def test_a_page_of_the_list(send: Send, call: Call) -> None:
    ids = [send()["id"] for _ in range(23)]
    first, second = call("GET").json(), call("GET", params={"page": 2}).json()
    assert (first["object"], first["has_more"], second["has_more"]) == ("list", True, False)
    assert [message["id"] for message in first["data"] + second["data"]] == ids[::-1]
    assert call("GET", params={"per_page": 23}).json()["has_more"] is False


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"tag": "b"}, ["early"]),
        ({"tag": "none"}, []),
        ({"to": "09000010002"}, ["booked"]),
        ({"service_id": 2}, ["late"]),
        ({"status": "done"}, ["late", "early"]),
        ({"status": "waiting"}, ["booked"]),
        ({"result": "done"}, ["early"]),
        ({"sent_result": "unconnected"}, ["late"]),
        ({"sent_result": "received", "status": "done", "tag": "a"}, ["early"]),
        ({"end_at": "2026-11-24T09:00:00+09:00"}, ["early"]),
        ({"start_at": "2026-11-24T09:00:01+09:00"}, ["booked", "late"]),
        ({"start_at": "2026-11-24 15:00:00+09:00", "status": ""}, ["booked", "late"]),
    ],
)
def test_filters(send: Send, call: Call, hand_clock: HandClock, query: dict[str, str], found: list[str]) -> None:
    send(**{"body": "early", "tags[]": ["a", "b"]})
    hand_clock.advance(hours=6)
    send(body="late", service_id=2)
    send(body="booked", to="09000010002", scheduled_at=hand_clock.in_future(days=1))
    assert [message["body"] for message in call("GET", params=query).json()["data"]] == found


@pytest.mark.parametrize(
    "query", [{"per_page": 101}, {"per_page": 0}, {"page": "x"}, {"status": "sent"}, {"start_at": "yesterday"}]
)
def test_faulty_queries(call: Call, query: dict[str, Any]) -> None:
    answer = call("GET", params=query)
    assert error_of(answer) == (422, "validation_error")
    assert set(answer.json()["errors"]) == set(query)


def test_the_emulators_own_calls_want_the_token(gateway: RunningGateway) -> None:
    for method, name in (("GET", "health"), ("GET", "counts"), ("POST", "reset")):
        url = f"{gateway.address}/emulator/{name}"
        assert error_of(requests.request(method, url, timeout=5)) == (401, "unauthentication")
        assert requests.request(method, url, headers=gateway.headers, timeout=5).ok


def test_reset_forgets_tags_too(send: Send, call: Call, gateway: RunningGateway) -> None:
    send(**{"tags[]": "a"})
    gateway.reset()
    send()
    assert call("GET", params={"tag": "a"}).json()["data"] == []


def test_the_receive_at_once_profile() -> None:
    with running_gateway() as gateway:
        message = requests.post(gateway.messages_url, data=FORM, headers=gateway.headers, timeout=5).json()
    assert (message["result"], message["sent_result"]) == ("done", "received")


def test_a_restart_keeps_everything(tmp_path: Any, hand_clock: HandClock) -> None:
    settings = Settings(data=tmp_path, clock=hand_clock)
    with running_gateway(settings) as gateway:
        requests.post(gateway.messages_url, data=FORM, headers=gateway.headers, timeout=5)
    with running_gateway(settings) as gateway:
        assert gateway.counts()["accepted"] == 1
