"""The page on which staff look up one person."""

import re

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from oshirase.services import person
from oshirase.web.visitor import Visitor
from tests.people import create_debtor, create_resident
from tests.scene import KEY, Scene
from tests.web.conftest import Open, assert_closed, japanese_in

OURS = frozenset({"nhi_overdue"})
NONE: frozenset[str] = frozenset()
CLERK = Visitor("sato", OURS, OURS)
READER = Visitor("suzuki", OURS, NONE)
OTHER = Visitor("kato", frozenset({"health_check"}), frozenset({"health_check"}))
NOBODY = Visitor("ito", frozenset({"ingest_extracts"}), frozenset({"ingest_extracts"}))
SCRIPT = "<script>alert(1)</script>"
TITLE = "国民健康保険料 納付確認のお知らせ"


@pytest.fixture
def resident(scene: Scene) -> str:
    """One whose message was received."""
    resident = create_debtor(scene.owner)
    run = scene.approved_run()
    scene.send(run)
    scene.clock.advance(hours=6)
    scene.collect()
    return resident


def ask(client: TestClient, resident_id: str, visitor: Visitor = CLERK, **form: str) -> Response:
    form = {"resident_id": resident_id, "occasion": "telephone", "form_token": visitor.form_token(KEY), **form}
    return client.post("/people", data=form)


def records(scene: Scene) -> list[tuple[object, ...]]:
    return scene.rows("select accessed_by, resident_id, reason from ledger.access order by access_id")


def test_why_did_i_get_this(open_as: Open, scene: Scene, resident: str) -> None:
    answer = ask(open_as(READER), resident, READER)
    page = answer.text
    assert answer.status_code == 200
    assert "国民健康保険料 令和8年度 第4期" in page
    assert "届いたことを確認しています" in page
    assert "この期の納付を確認できなかったため" in page
    assert "2026年10月2日（金）" in page
    assert "記録の上では送らない理由がありません" in page
    assert re.search(r"SMS送信停止の申出</th>\s*<td>なし</td>", page)
    ((body, phone),) = scene.rows("select body, phone_e164 from ledger.notice join ledger.message_text using (text_id)")
    assert body in page
    assert f"090-****-{phone[-4:]}" in page
    assert phone[3:] not in page
    assert re.search(r"<td>sato</td>\s*<td>承認</td>", page)
    assert_closed(page)


def test_the_id_is_in_no_address_and_not_on_the_page(open_as: Open, resident: str) -> None:
    answer = ask(open_as(CLERK), resident)
    assert resident not in str(answer.url)
    assert "location" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert resident not in answer.text
    assert 'method="post" action="people"' in answer.text
    ignored = open_as(CLERK).get("/people", params={"resident_id": resident, "occasion": "telephone"})
    assert TITLE not in ignored.text


@pytest.mark.parametrize("write", ["  {} ", "{}\u3000", "{:0>10}"])
def test_the_id_as_it_is_typed(open_as: Open, scene: Scene, resident: str, write: str) -> None:
    wide = write.format(resident).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert TITLE in ask(open_as(CLERK), wide).text
    assert records(scene) == [("sato", resident, "電話でのお問合せ")]


def test_a_look_up_is_recorded_with_its_occasion(open_as: Open, scene: Scene, resident: str) -> None:
    client = open_as(CLERK)
    ask(client, resident, note="身に覚えが\x00ない\r\nとのこと")
    ask(client, "9999999999", occasion="other", note="調査")
    assert records(scene) == [
        ("sato", resident, "電話でのお問合せ：身に覚えが ない とのこと"),
        ("sato", "9999999999", "その他：調査"),
    ]


def test_it_is_recorded_before_anything_is_asked(
    open_as: Open, scene: Scene, resident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(person, "load_lives", fail)
    with pytest.raises(RuntimeError):
        ask(open_as(CLERK), resident)
    assert len(records(scene)) == 1


def test_somebody_unknown(open_as: Open, scene: Scene) -> None:
    page = ask(open_as(CLERK), "9999999999").text
    assert "見つかりません" in page
    assert "9999999999" not in page
    assert len(records(scene)) == 1


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"resident_id": ""}, "読み取れません"),
        ({"resident_id": "=1+1"}, "読み取れません"),
        ({"resident_id": "1" * 10_000}, "読み取れません"),
        ({"occasion": ""}, "きっかけを選んでください"),
        ({"occasion": "x"}, "きっかけを選んでください"),
        ({"occasion": "other"}, "きっかけを選んでください"),
        ({"occasion": "other", "note": "  "}, "きっかけを選んでください"),
    ],
    ids=str,
)
def test_what_is_missing_is_told_and_nobody_is_looked_up(
    open_as: Open, scene: Scene, resident: str, form: dict[str, str], told: str
) -> None:
    page = ask(open_as(CLERK), form.pop("resident_id", resident), **form).text
    assert told in page
    assert TITLE not in page
    assert records(scene) == []


def test_another_section_s_notices_are_neither_shown_nor_hinted_at(open_as: Open, scene: Scene, resident: str) -> None:
    seen = ask(open_as(OTHER), resident, OTHER).text
    assert TITLE not in seen
    assert "国民健康保険料" not in seen
    never_selected = create_resident(scene.owner)

    def without_form(page: str) -> str:
        return re.sub(r'name="form_token" value="[^"]+"', "", page)

    assert without_form(seen) == without_form(ask(open_as(OTHER), never_selected, OTHER).text)


def test_who_may_see_no_campaign_may_look_nobody_up(open_as: Open, scene: Scene, resident: str) -> None:
    assert open_as(None).get("/people").status_code == 401
    assert ask(open_as(None), resident).status_code == 401
    for client in (open_as(NOBODY),):
        assert client.get("/people").status_code == 403
        assert ask(client, resident, NOBODY).status_code == 403
    assert records(scene) == []


@pytest.mark.parametrize("token", ["", "0" * 64, READER.form_token(KEY)])
def test_a_form_from_elsewhere_is_refused(open_as: Open, scene: Scene, resident: str, token: str) -> None:
    answer = ask(open_as(CLERK), resident, form_token=token)
    assert answer.status_code in {403, 422}
    assert TITLE not in answer.text
    assert records(scene) == []


def test_a_protected_person_comes_with_a_warning(open_as: Open, scene: Scene) -> None:
    resident = create_debtor(scene.owner, is_protected=True)
    scene.plan(scene.open())
    page = ask(open_as(CLERK), resident).text
    assert "支援措置の対象の方です" in page
    assert "電話では理由を伝えないでください" in page
    assert "個別の事情により、お送りしない取扱い" in page


def test_a_note_is_kept_as_text(open_as: Open, scene: Scene, resident: str) -> None:
    client = open_as(CLERK)
    assert SCRIPT not in ask(client, "", note=SCRIPT).text
    ask(client, resident, note=SCRIPT)
    page = client.get("/access").text
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page


def test_in_english_only_what_residents_read_is_japanese(open_as: Open, scene: Scene, resident: str) -> None:
    client = open_as(CLERK)
    client.get("/people?language=en")
    ((body,),) = scene.rows("select body from ledger.message_text")
    create_debtor(scene.owner, resident_id="P1", is_protected=True)
    answers = [
        client.get("/people"),
        ask(client, resident),
        ask(client, "P1"),
        ask(client, "?9"),
        ask(client, "9", occasion="x"),
    ]
    for answer in answers:
        assert japanese_in(answer.text, body, TITLE) == []
