"""The emulator's faults over real HTTP: what the client hears, what was accepted, what lists show."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from sandbox.gateway.__main__ import read_options, read_settings
from sandbox.gateway.faults import ANSWERS, CREATE, FAULTS
from sandbox.gateway.testing import HandClock, RunningGateway, running_gateway

FORM = {"service_id": "1", "to": "09000010001", "body": "【市】お知らせです。", "is_shorten": "false"}
PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"
PATIENCE, IMPATIENCE = 10, 0.3  # seconds
BROKEN = "unreadable"

Rule = dict[str, Any]
Call = Callable[..., requests.Response]


@pytest.fixture
def call(gateway: RunningGateway) -> Call:
    """Call `messages` + path, as a client that waits for long only where no fault is about its waiting."""

    def call(method: str = "POST", path: str = "", **options: Any) -> requests.Response:
        wait = IMPATIENCE if "late" in gateway.fired() else PATIENCE
        return requests.request(method, gateway.messages_url + path, headers=gateway.headers, timeout=wait, **options)

    return call


def send(call: Call, tag: str = "notice", **fields: str) -> requests.Response:
    return call(data={**FORM, "tags[]": tag, **fields})


def hear(answer: Callable[[], requests.Response]) -> int | str:
    """Return what a client hears: a status, `unreadable`, or the error's name."""
    try:
        response = answer()
        response.json()
    except requests.JSONDecodeError:
        return BROKEN
    except requests.RequestException as error:
        return type(error).__name__
    return response.status_code


def found(call: Call, **query: Any) -> list[dict[str, Any]]:
    return list(call("GET", params=query).json()["data"])


# fault, what the client hears of a call it strikes, whether the call was obeyed
HEARD = [
    ({"fault": "late", "seconds": 5}, "ReadTimeout", True),
    ({"fault": "slow", "seconds": 0.05}, 200, True),
    ({"fault": "500_before"}, 500, False),
    ({"fault": "500_after"}, 500, True),
    ({"fault": "401"}, 401, False),
    ({"fault": "403"}, 403, False),
    ({"fault": "429"}, 429, False),
    ({"fault": "503"}, 503, False),
    ({"fault": "reset_before"}, "ConnectionError", False),
    ({"fault": "reset_after"}, "ConnectionError", True),
    ({"fault": "unreadable_before"}, BROKEN, False),
    ({"fault": "unreadable"}, BROKEN, True),
    ({"fault": "truncated"}, "ChunkedEncodingError", True),
]
CANCEL_ONLY = [
    ({"fault": "cancel_refused"}, 400, False),
    ({"fault": "cancel_unanswered"}, None, True),
]


def test_the_tables_below_leave_no_fault_of_an_answer_out() -> None:
    assert {rule["fault"] for rule, *_ in HEARD + CANCEL_ONLY} == set(ANSWERS)


@pytest.mark.parametrize(("rule", "heard", "is_accepted"), HEARD, ids=str)
def test_a_new_message(gateway: RunningGateway, call: Call, rule: Rule, heard: int | str, is_accepted: bool) -> None:
    gateway.set_faults({**rule, "next": 1})
    assert hear(lambda: send(call)) == heard
    assert gateway.counts()["accepted"] == len(found(call, tag="notice")) == is_accepted
    assert hear(lambda: send(call)) == 200
    assert gateway.fired() == {rule["fault"]: 1}
    count = {"sent": 1 + is_accepted, "accepted": 1 + is_accepted}
    assert gateway.counts()["telephones"] == {FORM["to"]: count}
    assert gateway.counts()["texts"] == [{"to": FORM["to"], "body": FORM["body"], **count}]
    assert gateway.counts()["tags"] == ({"notice": 2} if is_accepted else {})


@pytest.mark.parametrize(("rule", "heard", "is_obeyed"), HEARD + CANCEL_ONLY, ids=str)
def test_a_cancel(
    gateway: RunningGateway, call: Call, hand_clock: HandClock, rule: Rule, heard: int | str | None, is_obeyed: bool
) -> None:
    message_id = send(call, scheduled_at=hand_clock.in_future(hours=1)).json()["id"]
    gateway.set_faults({**rule, "call": "cancel", "next": 1})
    assert hear(lambda: call("POST", f"/{message_id}/cancel")) in ({heard} if heard else {500, "ConnectionError"})
    assert call("GET", f"/{message_id}").json()["status"] == ("canceled" if is_obeyed else "waiting")


def test_an_unanswered_cancel_is_now_a_reset_now_a_500(
    gateway: RunningGateway, call: Call, hand_clock: HandClock
) -> None:
    ids = [send(call, scheduled_at=hand_clock.in_future(hours=1)).json()["id"] for _ in range(20)]
    gateway.set_faults({"fault": "cancel_unanswered"})
    assert {hear(lambda: call("POST", f"/{one}/cancel")) for one in ids} == {500, "ConnectionError"}  # noqa: B023


@pytest.mark.parametrize("read", ["list", "get"])
@pytest.mark.parametrize(("rule", "heard", "is_obeyed"), HEARD, ids=str)
def test_reading(gateway: RunningGateway, call: Call, read: str, rule: Rule, heard: int | str, is_obeyed: bool) -> None:
    path = "" if read == "list" else f"/{send(call).json()['id']}"
    gateway.set_faults({**rule, "call": read, "next": 1})
    assert [hear(lambda: call("GET", path)) for _ in range(2)] == [heard, 200]


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_a_reset_is_no_tidy_close(gateway: RunningGateway, fault: str) -> None:
    gateway.set_faults({"fault": fault})
    form = urlencode(FORM)
    host, port = gateway.address.removeprefix("http://").split(":")
    head = {**gateway.headers, "Host": host, "Content-Length": len(form)}
    head["Content-Type"] = "application/x-www-form-urlencoded"
    lines = [f"POST /api/{gateway.tenant}/messages HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall("\r\n".join([*lines, "", form]).encode())
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


@pytest.mark.parametrize("fault", ["429", "503"])
def test_how_long_to_wait_is_said(gateway: RunningGateway, call: Call, fault: str) -> None:
    gateway.set_faults({"fault": fault, "next": 2, "retry_after": 3})
    answers = [send(call) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [int(fault), int(fault), 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["3", "3", None]


def test_a_refusal_stands(gateway: RunningGateway, call: Call) -> None:
    gateway.set_faults({"fault": "500_after"})
    assert hear(lambda: send(call, to="0312345678")) == 422


def test_who_may_not_call_meets_no_fault(gateway: RunningGateway) -> None:
    gateway.set_faults({"fault": "500_after", "next": 1})
    assert requests.post(gateway.messages_url, data=FORM, timeout=5).status_code == 401
    assert gateway.fired() == {"500_after": 0}


def test_the_first_rule_that_strikes_is_the_one(gateway: RunningGateway, call: Call) -> None:
    gateway.set_faults({"fault": "429", "next": 1}, {"fault": "503", "next": 2}, {"fault": "500_before"})
    assert [hear(lambda: send(call)) for _ in range(4)] == [429, 503, 503, 500]


def struck(gateway: RunningGateway, call: Call, tags: list[str], **rule: Any) -> list[bool]:
    gateway.set_faults({"fault": "429", **rule}, seed=rule.pop("seed", 7))
    return [send(call, tag).status_code == 429 for tag in tags]


def test_chance_is_reproducible_by_its_seed(gateway: RunningGateway, call: Call) -> None:
    tags = [str(number) for number in range(60)]
    first, again = (struck(gateway, call, tags, share=0.3) for _ in range(2))
    gateway.set_faults({"fault": "429", "share": 0.3}, seed=8)
    other = [send(call, tag).status_code == 429 for tag in tags]
    assert first == again != other
    assert 8 < sum(first) < 30


def test_chance_by_tag_does_not_depend_on_the_order(gateway: RunningGateway, call: Call) -> None:
    tags = [str(number) for number in range(20)] * 3
    there = struck(gateway, call, tags, share=0.4, by="tag")
    back = struck(gateway, call, tags[::-1], share=0.4, by="tag")
    # The same number of tries of each tag fails, and a tag is not struck for ever.
    assert [sum(there[tag::20]) for tag in range(20)] == [sum(back[::-1][tag::20]) for tag in range(20)]
    assert 0 < sum(there) < len(tags)
    assert there != there[:20] * 3


@pytest.mark.parametrize("share", [0, 1])
def test_never_and_always(gateway: RunningGateway, call: Call, share: int) -> None:
    assert struck(gateway, call, ["a"] * 5, share=share) == [bool(share)] * 5


def test_a_list_lags_by_the_emulators_clock(gateway: RunningGateway, call: Call, hand_clock: HandClock) -> None:
    gateway.set_faults({"fault": "lag", "seconds": 5})
    send(call)
    assert found(call) == []
    hand_clock.advance(seconds=4)
    assert found(call, tag="notice", end_at=hand_clock.in_future(hours=1)) == []
    hand_clock.advance(seconds=1)
    assert len(found(call, tag="notice", end_at=hand_clock.in_future(hours=1))) == 1


def test_a_list_lags_by_real_time(gateway: RunningGateway, call: Call) -> None:
    send(call, "before")
    gateway.set_faults({"fault": "lag", "seconds": 1, "clock": "real"})
    send(call, "after")
    assert [message["tags"] for message in found(call)] == [["before"]]
    time.sleep(1.05)
    assert len(found(call)) == 2


def test_what_a_lagging_list_hides_is_there_by_its_id(gateway: RunningGateway, call: Call) -> None:
    gateway.set_faults({"fault": "lag"})
    assert hear(lambda: call("GET", f"/{send(call).json()['id']}")) == 200
    assert gateway.counts()["accepted"] == 1


@pytest.mark.parametrize(
    ("fault", "page", "shown"),
    [("duplicated", 1, "eedc"), ("duplicated", 2, "cba"), ("reordered", 1, "cde"), ("reordered", 2, "ab")],
)
def test_pages(gateway: RunningGateway, call: Call, fault: str, page: int, shown: str) -> None:
    for tag in "abcde":
        send(call, tag)
    gateway.set_faults({"fault": fault, "next": 1})
    pages = [call("GET", params={"per_page": 3, "page": page}).json() for _ in range(2)]
    assert "".join(message["tags"][0] for message in pages[0]["data"]) == shown
    assert "".join(message["tags"][0] for message in pages[1]["data"]) == {1: "edc", 2: "ba"}[page]
    assert [page["has_more"] for page in pages] == [page == 1] * 2


def test_late_receipts(gateway: RunningGateway, call: Call, hand_clock: HandClock) -> None:
    message_id = send(call).json()["id"]
    gateway.set_faults({"fault": "late_receipts", "seconds": 60})
    hand_clock.advance(hours=6)  # received
    for shown in (*found(call), call("GET", f"/{message_id}").json()):
        assert (shown["result"], shown["sent_result"]) == ("processing", "unconnected")
    assert (found(call, result="done"), found(call, sent_result="received")) == ([], [])
    hand_clock.advance(seconds=60)
    assert [(shown["result"], shown["received_at"]) for shown in found(call)] == [("done", "2026-11-24T15:01:00+09:00")]


def test_contradictory_receipts(gateway: RunningGateway, call: Call, hand_clock: HandClock) -> None:
    tags = [str(number) for number in range(30)]
    for tag in tags:
        send(call, tag)
    hand_clock.advance(hours=6)
    gateway.set_faults({"fault": "contradictory"})
    polls = []
    for _ in range(3):
        hand_clock.advance(seconds=10)
        polls.append({shown["tags"][0]: shown for shown in found(call, per_page=100)})
    assert {tuple(poll[tag]["sent_result"] for poll in polls) for tag in tags} == {
        ("received", "error", "error"),
        ("received", "unknown", "unknown"),
        ("error", "received", "received"),
        ("unknown", "received", "received"),
    }
    assert all(poll[tag]["result"] == "done" for poll in polls for tag in tags)
    assert all(polls[0][tag]["updated_at"] < polls[1][tag]["updated_at"] == polls[2][tag]["updated_at"] for tag in tags)


def test_single_messages_are_struck_for_good(gateway: RunningGateway, call: Call, hand_clock: HandClock) -> None:
    for number in range(40):
        send(call, str(number))
    hand_clock.advance(hours=6)
    gateway.set_faults({"fault": "late_receipts", "share": 0.5, "seconds": 3600})
    late = [{shown["tags"][0] for shown in found(call, per_page=100, result="processing")} for _ in range(2)]
    done = {shown["tags"][0] for shown in found(call, per_page=100, result="done")}
    assert late[0] == late[1]
    assert 8 < len(late[0]) == 40 - len(done) < 32
    gateway.set_faults({"fault": "late_receipts", "next": 3})
    assert [len(found(call, per_page=100, result="done")) for _ in range(2)] == [37, 37]


def test_views_go_together(gateway: RunningGateway, call: Call, hand_clock: HandClock) -> None:
    for tag in "abc":
        send(call, tag)
        hand_clock.advance(seconds=10)
    gateway.set_faults({"fault": "lag", "seconds": 15}, {"fault": "duplicated"}, {"fault": "reordered"})
    assert [shown["tags"][0] for shown in found(call)] == ["a", "b", "b"]


def test_counts_stay_right_under_everything(gateway: RunningGateway, call: Call) -> None:
    kinds = [rule for rule, *_ in HEARD]
    gateway.set_faults(*({**rule, "share": 0.06, "seconds": 0.01} for rule in kinds), seed=3)
    tags = [f"notice-{number}" for number in range(150)]
    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(lambda tag: hear(lambda: send(call, tag)), tags))
    assert sum(gateway.fired().values()) > 50
    gateway.set_faults()
    accepted = {shown["tags"][0] for page in (1, 2) for shown in found(call, page=page, per_page=100)}
    assert {tag for tag, status in zip(tags, heard, strict=True) if status == 200} < accepted
    assert accepted.isdisjoint(tag for tag, status in zip(tags, heard, strict=True) if status in {401, 403, 429, 503})
    counts = gateway.counts()
    assert counts["accepted"] == len(accepted) == counts["telephones"][FORM["to"]]["sent"]
    assert counts["tags"] == {}


def test_calls_are_noted(gateway: RunningGateway, call: Call) -> None:
    before = time.monotonic()
    gateway.set_faults({"fault": "slow", "seconds": 0.1})
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda tag: send(call, tag), "abcd"))
    gateway.set_faults({"fault": "late", "next": 1}, {"fault": "429"})
    assert [hear(lambda: send(call)) for _ in range(2)] == ["ReadTimeout", 429]
    found(call)
    calls = gateway.calls()
    assert (calls["total"], calls["in_flight"]) == (6, 0)  # a client that hangs up is no longer in flight
    assert 2 <= calls["most_in_flight"] <= 4
    assert before < calls["arrivals"][0]
    assert calls["arrivals"] == sorted(calls["arrivals"])
    assert calls["arrivals"][-1] < time.monotonic()


def control(gateway: RunningGateway, method: str, name: str = "faults", **options: Any) -> requests.Response:
    return requests.request(method, f"{gateway.address}/emulator/{name}", headers=gateway.headers, timeout=5, **options)


def test_control_over_http(gateway: RunningGateway, call: Call) -> None:
    rules = [{"fault": "500_after", "call": "create", "share": 0}, {"fault": "429", "next": 2, "retry_after": 3}]
    assert control(gateway, "POST", json={"seed": 7, "rules": rules}).status_code == 200
    assert hear(lambda: send(call)) == 429
    state = control(gateway, "GET").json()
    assert (state["seed"], state["fired"]) == (7, {"500_after": 0, "429": 1})
    assert state["rules"][1] | {"fault": "429", "call": CREATE, "next": 2, "seen": 1, "fired": 1} == state["rules"][1]
    assert control(gateway, "DELETE").json()["rules"] == []
    assert hear(lambda: send(call)) == 200
    assert control(gateway, "DELETE", "calls").json()["total"] == 0


def test_reset_clears_messages_faults_and_calls(gateway: RunningGateway, call: Call) -> None:
    gateway.set_faults({"fault": "500_after"})
    send(call)
    control(gateway, "POST", "reset")
    assert gateway.counts()["accepted"] == gateway.calls()["total"] == 0
    assert control(gateway, "GET").json()["rules"] == []


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ({"rules": [{"fault": "nonsense"}]}, "rules.0"),
        ({"rules": [{"fault": "lag", "call": "create"}]}, "rules.0"),
        ({"rules": [{"fault": "cancel_refused", "call": "list"}]}, "rules.0"),
        ({"rules": [{"fault": "429", "share": 0.5, "next": 1}]}, "rules.0"),
        ({"rules": [{"fault": "429", "share": 1.5}]}, "rules.0.share"),
        ({"rules": [{"fault": "429", "next": -1}]}, "rules.0.next"),
        ({"rules": [{"fault": "late", "seconds": -1}]}, "rules.0.seconds"),
        ({"rules": [{"fault": "429", "often": 1}]}, "rules.0.often"),
        ({"rules": [{}]}, "rules.0.fault"),
        ({"rule": []}, "rule"),
        ("{", "body"),
    ],
)
def test_faulty_plans_are_refused_and_change_nothing(gateway: RunningGateway, plan: Any, field: str) -> None:
    gateway.set_faults({"fault": "429"})
    body = plan if isinstance(plan, str) else json.dumps(plan)
    answer = control(gateway, "POST", data=body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert gateway.fired() == {"429": 0}


def test_control_wants_the_token(gateway: RunningGateway) -> None:
    for method, name in (("GET", "faults"), ("POST", "faults"), ("DELETE", "faults"), ("GET", "calls")):
        assert requests.request(method, f"{gateway.address}/emulator/{name}", timeout=5).status_code == 401


@pytest.mark.parametrize("place", ["command line", "environment"])
def test_started_with_faults(place: str) -> None:
    text = json.dumps({"seed": "day", "rules": [{"fault": "503", "next": 1}]})
    arguments = ["--faults", text] if place == "command line" else []
    environment = {} if arguments else {"OSHIRASE_EMULATOR_FAULTS": text}
    settings = read_settings(read_options(arguments, environment), environment)
    with running_gateway(settings) as gateway:
        statuses = [requests.post(gateway.messages_url, data=FORM, headers=gateway.headers, timeout=5) for _ in "ab"]
    assert [answer.status_code for answer in statuses] == [503, 200]


def test_faults_that_cannot_be_read_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(["--faults", '{"rules": [{"fault": "nonsense"}]}'], {})
    assert "there is no fault nonsense" in capsys.readouterr().err


def test_the_page_about_it_names_every_fault() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [fault for fault in FAULTS if f"`{fault}`" not in text] == []
