"""The list of a run's notices, its file, and the page of one notice."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urljoin
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text
from sqlalchemy.engine import URL

from oshirase.adapters.database import PURGE_ROLE, create_records_engine
from oshirase.services import notice_list
from oshirase.services.purge import Purge
from oshirase.web.visitor import Visitor
from tests.ledger import create_notice, create_run
from tests.people import create_debtor
from tests.scene import KEY, Scene
from tests.services.test_unknown import decide, run_with_lost_answer
from tests.web.conftest import Open, assert_closed, japanese_in

OURS = frozenset({"nhi_overdue"})
NONE: frozenset[str] = frozenset()
CLERK = Visitor("sato", OURS, OURS)
READER = Visitor("suzuki", OURS, NONE)
STRANGER = Visitor("kato", frozenset({"health_check"}), frozenset({"health_check"}))
SCRIPT = "<script>alert(1)</script>"
TITLE = "国民健康保険料 納付確認のお知らせ"


@pytest.fixture
def run(scene: Scene) -> UUID:
    """Three debtors whose messages were handed over and received, and one without a telephone."""
    for _ in range(3):
        create_debtor(scene.owner)
    create_debtor(scene.owner, phone=None)
    run = scene.approved_run()
    scene.send(run)
    scene.clock.advance(hours=6)
    scene.collect()
    return run


def page_of(client: TestClient, path: str, **params: Any) -> str:
    answer = client.get(path, params=params or None)
    assert answer.status_code == 200
    return answer.text


def rows_of(page: str) -> int:
    return len(re.findall(r'href="[./]*notices/[0-9a-f-]{36}"', page))


def take(client: TestClient, run: UUID, visitor: Visitor = CLERK, **form: str) -> Response:
    form = {"why": "窓口での確認のため", "form_token": visitor.form_token(KEY), "personal": "false", **form}
    return client.post(f"/runs/{run}/notices.csv", data=form)


def records(scene: Scene) -> list[tuple[Any, ...]]:
    return scene.rows("select kind, accessed_by, choice, rows_count, reason from ledger.access order by access_id")


# The list


def test_a_list_in_words(open_as: Open, run: UUID) -> None:
    page = page_of(open_as(CLERK), f"/runs/{run}/notices")
    assert f"{TITLE} 2026年10月2日" in page
    assert "該当 4件" in page
    assert rows_of(page) == 4
    assert "電話番号なし" in page
    assert "着信（3件）" in page
    assert_closed(page)


def test_numbers_are_masked_and_nobody_is_named(open_as: Open, scene: Scene, run: UUID) -> None:
    client = open_as(CLERK)
    page = page_of(client, f"/runs/{run}/notices")
    pages = page + "".join(
        page_of(client, f"/notices/{one}") for (one,) in scene.rows("select notice_id from ledger.notice")
    )
    for phone, resident in scene.rows("select phone_e164, resident_id from ledger.notice"):
        assert resident not in pages
        if phone:
            assert f"090-****-{phone[-4:]}" in page
            assert phone[3:] not in pages


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "suppressed"}, 1),
        ({"state": ["suppressed", "delivered"]}, 4),
        ({"reason": "no_phone"}, 1),
        ({"reason": "settled"}, 0),
        ({"carrier": "nobody"}, 0),
        ({"arm": "nothing"}, 0),
        ({"state": "gone"}, 4),
        ({"state": "", "reason": "", "arm": "", "carrier": "", "find": "", "sort": ""}, 4),
        ({"reason": "\x00", "carrier": "\x00", "find": "\x00"}, 4),
        ({"sort": "x", "after": "rubbish", "before": "~~"}, 4),
    ],
    ids=str,
)
def test_what_the_address_asks_for(open_as: Open, run: UUID, query: dict[str, Any], found: int) -> None:
    page = page_of(open_as(CLERK), f"/runs/{run}/notices", **query)
    assert rows_of(page) == found
    assert f"該当 {found}件" in page
    assert ("該当するお知らせはありません" in page) == (found == 0)


def test_a_search_by_number_or_id(open_as: Open, scene: Scene, run: UUID) -> None:
    client = open_as(CLERK)
    ((notice, phone),) = scene.rows(
        "select notice_id, phone_e164 from ledger.notice where phone_e164 is not null limit 1"
    )
    wide = phone[-4:].translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for find in (phone[-4:], wide, str(notice), str(notice)[:13].upper()):
        assert rows_of(page_of(client, f"/runs/{run}/notices", find=find)) == 1, find
    told = page_of(client, f"/runs/{run}/notices", find="山田")
    assert "下4桁か、管理番号" in told
    assert rows_of(told) == 0


def test_pages_lead_forth_and_back(open_as: Open, scene: Scene, run: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_list, "PAGE_SIZE", 3)
    client = open_as(CLERK)
    address = f"/runs/{run}/notices?sort=state"
    first = page_of(client, address)
    (forth,) = re.findall(r'href="([^"]+)" rel="next"', first)
    assert 'rel="prev"' not in first
    second = page_of(client, urljoin(address, forth.replace("&amp;", "&")))
    assert (rows_of(first), rows_of(second)) == (3, 1)
    (back,) = re.findall(r'href="([^"]+)" rel="prev"', second)
    assert re.findall(
        r"notices/[0-9a-f-]{36}", page_of(client, urljoin(address, back.replace("&amp;", "&")))
    ) == re.findall(r"notices/[0-9a-f-]{36}", first)


def test_what_the_address_says_is_shown_as_text(open_as: Open, run: UUID) -> None:
    page = page_of(open_as(CLERK), f"/runs/{run}/notices", reason=SCRIPT, arm=SCRIPT, carrier=SCRIPT, find=SCRIPT)
    assert SCRIPT not in page
    assert_closed(page)


# The file


def test_a_file_with_masked_numbers_is_for_whoever_may_read(open_as: Open, scene: Scene, run: UUID) -> None:
    answer = take(open_as(READER), run, READER, state="delivered", why=" 報告のため ")
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.count("\r\n") == 4
    for phone, resident in scene.rows("select phone_e164, resident_id from ledger.notice"):
        assert resident not in answer.text
        assert not phone or phone[3:] not in answer.text
    assert records(scene) == [("list_downloaded", "suzuki", "masked?state=delivered&sort=booked", 3, "報告のため")]


def test_the_file_s_name_has_the_campaign_and_the_day(open_as: Open, run: UUID) -> None:
    disposition = take(open_as(CLERK), run, personal="true").headers["content-disposition"]
    assert 'filename="nhi_overdue_20261002.csv"' in disposition
    (name,) = re.findall(r"filename\*=UTF-8''(\S+)", disposition)
    assert unquote(name) == f"{TITLE.replace(' ', '_')}_20261002_個人情報.csv"


def test_personal_data_is_for_whoever_may_edit(open_as: Open, scene: Scene, run: UUID) -> None:
    assert take(open_as(READER), run, READER, personal="true").status_code == 403
    assert "含めてダウンロードする" not in page_of(open_as(READER), f"/runs/{run}/notices")
    assert records(scene) == []
    answer = take(open_as(CLERK), run, personal="true")
    for phone, resident in scene.rows("select phone_e164, resident_id from ledger.notice"):
        assert resident in answer.text
        assert not phone or f"0{phone[3:5]}-{phone[5:9]}-{phone[9:]}" in answer.text
    assert "+81" not in answer.text
    assert records(scene) == [("list_downloaded", "sato", "personal?sort=booked", 4, "窓口での確認のため")]


@pytest.mark.parametrize("why", ["", "  ", "\x00\n"])
def test_no_reason_no_file(open_as: Open, scene: Scene, run: UUID, why: str) -> None:
    answer = take(open_as(CLERK), run, why=why)
    assert answer.status_code == 400
    assert "理由を入力してください" in answer.text
    assert records(scene) == []


def test_a_search_that_was_not_understood_is_no_file_of_everybody(open_as: Open, scene: Scene, run: UUID) -> None:
    answer = take(open_as(CLERK), run, personal="true", find="山田")
    assert answer.status_code == 400
    assert records(scene) == []


def test_no_record_no_file(open_as: Open, scene: Scene, run: UUID) -> None:
    with scene.owner.begin() as connection:
        connection.execute(text("revoke insert on ledger.access from oshirase_campaign"))
    try:
        answer = take(open_as(CLERK), run, personal="true")
    finally:
        with scene.owner.begin() as connection:
            connection.execute(text("grant insert on ledger.access to oshirase_campaign"))
    assert answer.status_code == 503
    assert "記録ができなかったため" in answer.text
    assert "090-" not in answer.text


@pytest.mark.parametrize("token", ["", "0" * 64, READER.form_token(KEY)])
def test_a_form_from_elsewhere_is_refused(open_as: Open, scene: Scene, run: UUID, token: str) -> None:
    assert take(open_as(CLERK), run, form_token=token).status_code in {403, 422}
    assert records(scene) == []


# One notice


def test_the_whole_life_of_a_notice(open_as: Open, scene: Scene, run: UUID) -> None:
    ((notice, body),) = scene.rows(
        "select n.notice_id, t.body from ledger.notice as n join ledger.message_text as t using (text_id) limit 1"
    )
    page = page_of(open_as(READER), f"/notices/{notice}")
    assert "国民健康保険料 令和8年度 第4期" in page
    assert body in page
    assert "届いたことを確認しています" in page
    states = re.findall(r"<td>(送信予定|引渡し中|引渡し済み|着信)</td>", page)
    assert states == ["送信予定", "引渡し中", "引渡し済み", "着信"]
    assert re.search(r"<td>sato</td>\s*<td>承認</td>", page)
    assert f'href="../runs/{run}/notices"' in page
    assert_closed(page)


def test_what_a_person_decided_is_part_of_it(open_as: Open, scene: Scene) -> None:
    run_with_lost_answer(scene, accepted=False)
    scene.clock.advance(minutes=11)
    scene.look_up()
    decide(scene, is_to_send=False)
    ((notice,),) = scene.rows("select notice_id from ledger.notice")
    page = page_of(open_as(CLERK), f"/notices/{notice}")
    assert "重ねてはお送りしない" in page
    assert "送らないことに決定" in page


def test_a_text_and_a_reason_are_shown_as_text(open_as: Open, scene: Scene) -> None:
    run = create_run(scene.owner)
    notice = create_notice(scene.owner, run, "nhi/2026/4/1")
    with scene.owner.begin() as connection:
        connection.execute(text("update ledger.message_text set body = :x"), {"x": SCRIPT})
        connection.execute(text("update ledger.notice set state = 'expired', reason = :x"), {"x": SCRIPT})
    for path in (f"/notices/{notice}", f"/runs/{run}/notices"):
        page = page_of(open_as(CLERK), path)
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page


def test_whom_it_protects_is_not_to_be_told(open_as: Open, scene: Scene) -> None:
    create_debtor(scene.owner, is_protected=True)
    scene.plan(scene.open())
    ((notice,),) = scene.rows("select notice_id from ledger.notice")
    page = page_of(open_as(CLERK), f"/notices/{notice}")
    assert "理由があることも伝えないでください" in page
    assert "個別の事情により" in page


# Who may see it


def test_other_sections_and_strangers_see_nothing(open_as: Open, scene: Scene, run: UUID) -> None:
    ((notice,),) = scene.rows("select notice_id from ledger.notice limit 1")
    for path in (f"/runs/{run}/notices", f"/notices/{notice}"):
        assert open_as(None).get(path).status_code == 401
        refused = open_as(STRANGER).get(path)
        assert refused.status_code == 403
        assert TITLE not in refused.text
    assert take(open_as(STRANGER), run, STRANGER, personal="true").status_code == 403
    assert take(open_as(None), run).status_code == 401
    assert records(scene) == []


@pytest.mark.parametrize("path", [f"/runs/{uuid4()}/notices", f"/notices/{uuid4()}"])
def test_what_there_is_not(open_as: Open, scene: Scene, path: str) -> None:
    assert open_as(CLERK).get(path).status_code == 404
    assert take(open_as(CLERK), uuid4()).status_code == 404


# In English


def test_in_english_only_what_residents_read_is_japanese(open_as: Open, scene: Scene, run: UUID) -> None:
    client = open_as(CLERK)
    bodies = [body for (body,) in scene.rows("select body from ledger.message_text")]
    notices = [notice for (notice,) in scene.rows("select notice_id from ledger.notice")]
    for path in (f"/runs/{run}/notices", f"/runs/{run}/notices?find=x", *(f"/notices/{notice}" for notice in notices)):
        page = page_of(client, path + ("&" if "?" in path else "?") + "language=en")
        assert japanese_in(page, *bodies, TITLE) == []
    assert japanese_in(client.get(f"/notices/{uuid4()}?language=en").text) == []


def test_a_purged_notice_says_so_and_its_list_leaves_without_numbers(
    open_as: Open, scene: Scene, run: UUID, database_url: URL
) -> None:
    numbers = [str(number) for (number,) in scene.rows("select phone_e164 from records.contact")]
    residents = [str(one) for (one,) in scene.rows("select resident_id from records.resident")]
    scene.clock.moment += timedelta(days=400)
    purger = create_records_engine(database_url, PURGE_ROLE)
    Purge(purger, scene.city.retention, KEY, scene.clock(), "test").run()
    purger.dispose()
    client = open_as(CLERK)
    for (notice,) in scene.rows("select notice_id from ledger.notice"):
        page = page_of(client, f"/notices/{notice}")
        assert "電話番号と文面は、保存期間の満了などにより、2027年11月6日" in page
        assert "どなたへのお知らせかを示す番号も" in page
        assert "国民健康保険料 令和8年度 第4期" in page
    page = page_of(client, f"/runs/{run}")
    assert "保存期間の満了により、2027年11月6日" in page
    assert "この文面は、保存期間の満了により削除しました。" in page
    assert rows_of(page_of(client, f"/runs/{run}/notices")) == 4
    listed = take(client, run, personal="true").text
    assert listed.count("着信") >= 3
    everything = page + listed
    assert [value for value in (*numbers, *residents, "#") if value in listed] == []
    assert [value for value in numbers if value in everything] == []
