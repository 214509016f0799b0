"""The page of unknown outcomes: what a visitor sees, may do, and is told."""

import re

import pytest

from oshirase.services.unknown import SETTLING
from oshirase.web.visitor import Visitor
from tests.scene import KEY, Scene
from tests.services.test_unknown import run_with_lost_answer
from tests.web.conftest import Open, assert_closed, japanese_in

OURS = frozenset({"nhi_overdue"})
NONE: frozenset[str] = frozenset()
CLERK = Visitor("sato", OURS, OURS)
READER = Visitor("suzuki", OURS, NONE)
STRANGER = Visitor("kato", NONE, NONE)


@pytest.fixture
def undecided(scene: Scene) -> Scene:
    """One notice that the gateway does not know."""
    run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    scene.look_up()
    return scene


def form(page: str) -> dict[str, str]:
    """The hidden fields and the first check box of a page."""
    fields = dict(re.findall(r'name="(seen_at|form_token|notice_id)" value="([^"]+)"', page))
    assert set(fields) >= {"seen_at", "form_token"}
    return fields


def test_a_stranger_to_airflow_sees_nothing(open_as: Open) -> None:
    client = open_as(None)
    assert client.get("/undecided").status_code == 401
    assert client.post("/undecided", data={"decision": "leave"}).status_code == 401


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_there_are_no_public_documentation_routes(open_as: Open, path: str) -> None:
    assert open_as(CLERK).get(path).status_code == 404


def test_the_number_is_masked_and_nothing_comes_from_another_host(open_as: Open, undecided: Scene) -> None:
    answer = open_as(CLERK).get("/undecided")
    ((phone,),) = undecided.rows("select phone_e164 from ledger.notice")
    assert answer.status_code == 200
    assert f"090-****-{phone[-4:]}" in answer.text
    assert phone[3:] not in answer.text
    assert "国民健康保険料 納付確認のお知らせ" in answer.text
    assert_closed(answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_nothing_to_decide_says_so(open_as: Open, scene: Scene) -> None:
    assert "決めていただくものはありません" in open_as(CLERK).get("/undecided").text


def test_another_sections_notices_are_not_shown(open_as: Open, undecided: Scene) -> None:
    assert "決めていただくものはありません" in open_as(STRANGER).get("/undecided").text


def test_who_may_only_read_finds_nothing_to_tick_and_cannot_decide(open_as: Open, undecided: Scene) -> None:
    client = open_as(READER)
    fields = form(client.get("/undecided").text)
    assert "notice_id" not in fields
    assert client.post("/undecided", data={**fields, "decision": "leave"}).status_code == 403
    assert undecided.states() == {"unknown/not_found": 1}


@pytest.mark.parametrize(
    ("decision", "state", "told"),
    [("send_again", "planned/send_again", "1件を再送"), ("leave", "unknown/left", "1件を送らない")],
)
def test_a_decision_is_recorded_with_the_name(
    open_as: Open, undecided: Scene, decision: str, state: str, told: str
) -> None:
    client = open_as(CLERK)
    answer = client.post("/undecided", data={**form(client.get("/undecided").text), "decision": decision})
    assert answer.status_code == 303
    assert undecided.states() == {state: 1}
    assert undecided.rows("select state_changed_by from ledger.notice") == [("sato",)]
    assert told in client.get("/" + answer.headers["location"]).text


def test_the_same_form_twice_changes_nothing_more(open_as: Open, undecided: Scene) -> None:
    client = open_as(CLERK)
    fields = {**form(client.get("/undecided").text), "decision": "leave"}
    client.post("/undecided", data=fields)
    again = client.post("/undecided", data={**fields, "decision": "send_again"})
    assert "0件" in client.get("/" + again.headers["location"]).text
    assert undecided.states() == {"unknown/left": 1}


@pytest.mark.parametrize("token", ["", "0" * 64, Visitor("suzuki", OURS, OURS).form_token(KEY)])
def test_a_form_from_elsewhere_is_refused(open_as: Open, undecided: Scene, token: str) -> None:
    client = open_as(CLERK)
    fields = {**form(client.get("/undecided").text), "decision": "leave", "form_token": token}
    assert client.post("/undecided", data=fields).status_code in {403, 422}
    assert undecided.states() == {"unknown/not_found": 1}


def test_nothing_ticked_is_told(open_as: Open, undecided: Scene) -> None:
    client = open_as(CLERK)
    fields = form(client.get("/undecided").text)
    del fields["notice_id"]
    answer = client.post("/undecided", data={**fields, "decision": "leave"})
    assert "選ばれていません" in client.get("/" + answer.headers["location"]).text


@pytest.mark.parametrize("bad", [{"decision": "delete"}, {"notice_id": "x"}, {"seen_at": "yesterday"}])
def test_rubbish_is_refused(open_as: Open, undecided: Scene, bad: dict[str, str]) -> None:
    client = open_as(CLERK)
    fields = {**form(client.get("/undecided").text), "decision": "leave", **bad}
    assert client.post("/undecided", data=fields).status_code == 422
    assert undecided.states() == {"unknown/not_found": 1}


def test_what_the_address_says_is_shown_as_text(open_as: Open, scene: Scene) -> None:
    page = open_as(CLERK).get("/undecided", params={"told": "<script>alert(1)</script>"}).text
    assert "<script>" not in page


def test_in_english(open_as: Open, undecided: Scene) -> None:
    client = open_as(CLERK)
    page = client.get("/undecided?language=en").text
    assert japanese_in(page, "国民健康保険料 納付確認のお知らせ") == []
    answer = client.post("/undecided", data={**form(page), "decision": "leave"})
    told = client.get("/" + answer.headers["location"]).text
    assert "1 not to be sent." in told
    assert japanese_in(told) == []
    assert (
        japanese_in(client.post("/undecided", data={**form(told + page), "form_token": "x", "decision": "leave"}).text)
        == []
    )
