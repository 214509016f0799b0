"""The page of one run: what a visitor sees of it, and the one action on it."""

import re
from datetime import timedelta
from urllib.parse import urljoin
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text

from oshirase.domain.text import split_parts
from oshirase.services.approval import approve_campaign_run, reject_campaign_run
from oshirase.services.stop import CancelRule, stop_campaign_run
from oshirase.web.run import FollowUp
from oshirase.web.visitor import Visitor
from tests.people import create_debtor
from tests.scene import KEY, OCCURRENCE, Scene
from tests.web.conftest import Open, assert_closed

OURS = frozenset({"nhi_overdue"})
NONE: frozenset[str] = frozenset()
CLERK = Visitor("sato", OURS, OURS)
READER = Visitor("suzuki", OURS, NONE)
STRANGER = Visitor("kato", NONE, NONE)
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def run(scene: Scene) -> UUID:
    """Three bookings of an approved run."""
    for _ in range(3):
        create_debtor(scene.owner)
    run = scene.approved_run()
    scene.send(run)
    return run


def page_of(client: TestClient, run: UUID) -> str:
    answer = client.get(f"/runs/{run}")
    assert answer.status_code == 200
    return answer.text


def stop(client: TestClient, run: UUID, visitor: Visitor = CLERK, **form: str) -> Response:
    form = {"reason": "文面の誤り", "form_token": visitor.form_token(KEY), **form}
    return client.post(f"/runs/{run}/stop", data=form)


def told(client: TestClient, run: UUID, answer: Response) -> str:
    """The page to which an answer leads."""
    assert answer.status_code == 303
    return client.get(urljoin(f"/runs/{run}/stop", answer.headers["location"])).text


def closing(scene: Scene) -> tuple[object, ...]:
    (row,) = scene.rows("select closed_as, closed_by, closed_reason from ledger.campaign_run")
    return row


# What a visitor sees


def test_the_run_in_words(open_as: Open, scene: Scene, run: UUID) -> None:
    page = page_of(open_as(CLERK), run)
    assert "国民健康保険料 納付確認のお知らせ（2026年10月2日分）" in page
    assert "引渡し済み" in page
    assert "3人" in page
    assert "10月2日（金）" in page
    ((body,),) = scene.rows("select body from ledger.message_text limit 1")
    assert all(part in page for part in split_parts(body))
    assert re.search(r"<td>sato</td>\s*<td>承認</td>", page)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_how_far_it_has_come(open_as: Open, scene: Scene, steps: int) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    digest = scene.plan(run) if steps > 0 else None
    if steps > 1:
        scene.approve(run, digest)
    page = page_of(open_as(CLERK), run)
    assert ["準備中", "承認待ち", "承認済み（引渡し中）"][steps] in page
    assert ("この実行回の送信を停止する" in page) == (steps > 0)


def test_a_run_without_anybody(open_as: Open, scene: Scene) -> None:
    run = scene.open()
    scene.plan(run)
    assert "送信する方なし" in page_of(open_as(CLERK), run)


def test_several_approvers_and_an_approval_of_other_content(open_as: Open, scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    approve_campaign_run(scene.engine, run, "another digest", "tanaka", scene.clock())
    digest = scene.plan(run)
    for by in ("sato", "suzuki"):
        approve_campaign_run(scene.engine, run, str(digest), by, scene.clock())
    page = page_of(open_as(CLERK), run)
    assert all(f"<td>{by}</td>" in page for by in ("tanaka", "sato", "suzuki"))
    assert page.count("変更前の内容") == 1


def test_who_rejected_it_and_why(open_as: Open, scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    reject_campaign_run(scene.engine, run, str(scene.plan(run)), "suzuki", scene.clock(), SCRIPT)
    page = page_of(open_as(CLERK), run)
    assert "差戻し" in page
    assert SCRIPT not in page
    # How it ended, the decision, and its place among the events.
    assert page.count("&lt;script&gt;") == 3
    assert "送信を停止する" not in page


def test_no_number_no_resident_nothing_from_another_host(open_as: Open, scene: Scene, run: UUID) -> None:
    client = open_as(CLERK)
    stop(client, run)
    answer = client.get(f"/runs/{run}")
    for phone, resident in scene.rows("select phone_e164, resident_id from ledger.notice"):
        assert phone[3:] not in answer.text
        assert resident not in answer.text
    assert_closed(answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert 'href="../static/pages.css"' in answer.text
    assert client.get("/static/pages.css").status_code == 200


def test_a_text_is_shown_as_text(open_as: Open, scene: Scene, run: UUID) -> None:
    with scene.owner.begin() as connection:
        connection.execute(text("update ledger.message_text set body = :body"), {"body": f"お知らせ{SCRIPT}"})
    page = page_of(open_as(CLERK), run)
    assert SCRIPT not in page
    assert "&lt;script&gt;alert(1)" in page


# Who may see it


def test_an_unknown_run_is_not_found(open_as: Open) -> None:
    assert open_as(CLERK).get(f"/runs/{uuid4()}").status_code == 404
    assert stop(open_as(CLERK), uuid4()).status_code == 404


def test_a_stranger_to_airflow_sees_nothing(open_as: Open, run: UUID) -> None:
    assert open_as(None).get(f"/runs/{run}").status_code == 401
    assert stop(open_as(None), run).status_code == 401


def test_another_sections_run_is_not_shown(open_as: Open, scene: Scene, run: UUID) -> None:
    answer = open_as(STRANGER).get(f"/runs/{run}")
    assert answer.status_code == 403
    assert "見る権限がありません" in answer.text
    assert "国民健康保険料" not in answer.text
    assert stop(open_as(STRANGER), run, STRANGER).status_code == 403
    assert closing(scene) == (None, None, None)


def test_who_may_only_read_cannot_stop(open_as: Open, scene: Scene, run: UUID) -> None:
    client = open_as(READER)
    assert "送信を停止する" not in page_of(client, run)
    assert stop(client, run, READER).status_code == 403
    assert closing(scene) == (None, None, None)


# Stopping it


def test_one_action_stops_it_and_starts_the_cancellation(open_as: Open, scene: Scene, run: UUID) -> None:
    started: list[tuple[str, str]] = []

    def after_stop(campaign: str, user_id: str) -> FollowUp:
        assert closing(scene)[0] == "stopped", "in the ledger first"
        started.append((campaign, user_id))
        return FollowUp.STARTED

    client = open_as(CLERK, after_stop=after_stop)
    assert 'name="form_token"' in page_of(client, run)
    page = told(client, run, stop(client, run))
    assert started == [("nhi_overdue", "sato")]
    assert closing(scene) == ("stopped", "sato", "文面の誤り")
    assert "送信予約の取消しを始めています" in page
    assert re.search(r"これから予約を取り消すもの</th><td class=\"number\">3件", page)
    assert "理由：文面の誤り" in page
    assert 'name="form_token"' not in page

    scene.reconcile()
    page = page_of(client, run)
    assert re.search(r"予約を取り消したもの</th><td class=\"number\">3件", page)
    assert 'aria-label="予約取消 3件の一覧"' in page
    assert 'aria-label="送信の停止 3件の一覧"' in page


@pytest.mark.parametrize(
    ("follow_up", "sentence"), [(FollowUp.LATER, "次の「納付状況との照合」"), (FollowUp.PAUSED, "一時停止中")]
)
def test_when_the_cancellation_cannot_begin_at_once_it_is_told(
    open_as: Open, run: UUID, follow_up: FollowUp, sentence: str
) -> None:
    client = open_as(CLERK, after_stop=lambda *_: follow_up)
    assert sentence in told(client, run, stop(client, run))


def test_a_failure_after_the_stop_does_not_undo_it(open_as: Open, scene: Scene, run: UUID) -> None:
    def after_stop(campaign: str, user_id: str) -> FollowUp:
        raise RuntimeError

    client = open_as(CLERK, after_stop=after_stop)
    assert "次の「納付状況との照合」" in told(client, run, stop(client, run))
    assert closing(scene)[0] == "stopped"


def test_a_console_is_told_by_hand(open_as: Open, run: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = CancelRule(timedelta(minutes=5), is_by_hand=True)
    monkeypatch.setattr("oshirase.services.stop.cancel_rule", lambda _: rule)
    client = open_as(CLERK, after_stop=lambda *_: FollowUp.STARTED)
    page = told(client, run, stop(client, run))
    assert "取り消していただく予約の一覧を作成しています" in page
    assert "to_cancel_by_hand.csv" in page


def test_what_went_out_is_listed_with_the_last_four_digits(open_as: Open, scene: Scene, run: UUID) -> None:
    scene.clock.moment = OCCURRENCE + timedelta(hours=8)
    scene.collect()
    client = open_as(CLERK)
    stop(client, run)
    page = page_of(client, run)
    for (phone,) in scene.rows("select phone_e164 from ledger.notice"):
        assert f"***-****-{phone[-4:]}" in page
    assert page.count("<td>着信</td>") == 3


def test_the_list_is_turned_page_by_page(
    open_as: Open, scene: Scene, run: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oshirase.services.stop.PAGE_SIZE", 2)
    scene.clock.moment = OCCURRENCE + timedelta(hours=8)
    client = open_as(CLERK)
    stop(client, run)
    page = page_of(client, run)
    (following,) = re.findall(r'href="([^"]+\?after=[^"]+)"', page)
    rest = client.get(urljoin(f"/runs/{run}", following)).text
    assert [shown.count("***-****-") for shown in (page, rest)] == [2, 1]


@pytest.mark.parametrize("reason", ["", "   ", "　\n"])
def test_without_a_reason_nothing_is_stopped(open_as: Open, scene: Scene, run: UUID, reason: str) -> None:
    client = open_as(CLERK)
    assert "理由を入力してください" in told(client, run, stop(client, run, reason=reason))
    assert closing(scene) == (None, None, None)


def test_a_reason_is_shown_as_text(open_as: Open, run: UUID) -> None:
    client = open_as(CLERK)
    page = told(client, run, stop(client, run, reason=SCRIPT))
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page


def test_a_second_stop_changes_nothing_and_says_so(open_as: Open, scene: Scene, run: UUID) -> None:
    stop_campaign_run(scene.engine, run, "suzuki", "先に停止", scene.clock())
    client = open_as(CLERK, after_stop=lambda *_: pytest.fail("nothing to start"))
    assert "すでに終了しているため" in told(client, run, stop(client, run))
    assert closing(scene) == ("stopped", "suzuki", "先に停止")


def test_a_run_that_is_not_planned_yet_is_not_stopped(open_as: Open, scene: Scene) -> None:
    run, client = scene.open(), open_as(CLERK)
    assert "まだ準備中" in told(client, run, stop(client, run))
    assert closing(scene) == (None, None, None)


@pytest.mark.parametrize("token", ["", "0" * 64, READER.form_token(KEY), "日本語"])
def test_a_form_from_elsewhere_is_refused(open_as: Open, scene: Scene, run: UUID, token: str) -> None:
    assert stop(open_as(CLERK), run, form_token=token).status_code in {403, 422}
    assert closing(scene) == (None, None, None)


def test_a_reason_without_end_is_refused(open_as: Open, scene: Scene, run: UUID) -> None:
    assert stop(open_as(CLERK), run, reason="あ" * 501).status_code == 422
    assert closing(scene) == (None, None, None)


def test_what_the_address_says_is_never_on_the_page(open_as: Open, run: UUID) -> None:
    page = open_as(CLERK).get(f"/runs/{run}", params={"told": "全員に届きました"}).text
    assert "全員に届きました" not in page


# From Airflow's run to ours


def test_airflows_run_leads_to_ours(open_as: Open, run: UUID) -> None:
    asked = {"dag_id": "nhi_overdue", "dag_run_id": "manual__2026-10-02T01:00:00+00:00"}
    client = open_as(CLERK, find_run=lambda dag, dag_run: run if [dag, dag_run] == [*asked.values()] else None)
    answer = client.get("/dag-run", params=asked)
    assert answer.status_code == 303
    assert urljoin("/dag-run", answer.headers["location"]) == f"/runs/{run}"


def test_a_run_without_one_of_ours_says_so(open_as: Open) -> None:
    answer = open_as(CLERK).get("/dag-run", params={"dag_id": "nhi_overdue", "dag_run_id": "x"})
    assert answer.status_code == 404
    assert "実行回がまだありません" in answer.text
    assert 'href="static/pages.css"' in answer.text


def test_another_sections_dag_leads_nowhere(open_as: Open, run: UUID) -> None:
    client = open_as(STRANGER, find_run=lambda *_: run)
    assert client.get("/dag-run", params={"dag_id": "nhi_overdue", "dag_run_id": "x"}).status_code == 403


# The approval: the present content and its code


def waiting(scene: Scene) -> UUID:
    """Three planned notices that wait for an approval."""
    for _ in range(3):
        create_debtor(scene.owner)
    run = scene.open()
    scene.plan(run)
    return run


def code_of(scene: Scene, run: UUID) -> str:
    ((digest,),) = scene.rows(f"select digest from ledger.campaign_run where campaign_run_id = '{run}'")
    return str(digest)[:6].upper()


def test_who_may_decide_sees_what_is_signed_with_its_code(scene: Scene, open_as: Open) -> None:
    run = waiting(scene)
    page = page_of(open_as(CLERK), run)
    assert f"現在の確認コード</th><td><strong>{code_of(scene, run)}</strong>" in page
    assert "3件（6通分・66円）" in page


def test_another_content_has_another_code(scene: Scene, open_as: Open) -> None:
    run = waiting(scene)
    before = code_of(scene, run)
    scene.change(batch_size=7)
    scene.plan(run)
    page = page_of(open_as(CLERK), run)
    assert code_of(scene, run) != before
    assert code_of(scene, run) in page
    assert before not in page


def test_nobody_else_sees_a_code_and_nobody_after_the_approval(scene: Scene, open_as: Open) -> None:
    run = waiting(scene)
    assert "現在の確認コード" not in page_of(open_as(READER), run)
    ((digest,),) = scene.rows("select digest from ledger.campaign_run")
    scene.approve(run, digest)
    assert "現在の確認コード" not in page_of(open_as(CLERK), run)


def test_a_run_of_which_all_has_arrived_offers_nothing_to_stop(open_as: Open, scene: Scene, run: UUID) -> None:
    assert "この実行回の送信を停止する" in page_of(open_as(CLERK), run)
    scene.clock.moment += timedelta(days=1)
    scene.collect()
    assert "accepted" not in scene.states()
    assert "この実行回の送信を停止する" not in page_of(open_as(CLERK), run)
