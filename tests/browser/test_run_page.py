"""The run page as clerks use it: from Airflow's run, into a list, a download, and the one action."""

import re

import pytest
from playwright.sync_api import expect

from sandbox.stack.credentials import CLERK, OTHER_CLERK
from tests.browser.conftest import OpenVisit
from tests.browser.play import INJECTED, INJECTED_CAMPAIGN, PATIENCE_SECONDS, Play

DELIVERED = """
select resident_id, phone_e164 from ledger.notice where campaign_run_id = :run and state = 'delivered' limit 1
"""
STATES = "select distinct state from ledger.notice where campaign_run_id = :run"
# Whole telephone numbers; what pages show of them is masked.
# Not amidst the id of a notice, where any digits may stand.
NUMBER = re.compile(r"(?<![0-9a-f-])(?:\+81|0)[789]0[- ]?\d{4}[- ]?\d{4}(?![0-9a-f-])")


def test_the_tab_of_airflows_run_shows_our_run(visit: OpenVisit, play: Play) -> None:
    page = visit(CLERK).page
    page.goto(f"{play.address}/dags/nhi_overdue/runs/{play.dag_runs['nhi_overdue']}")
    page.get_by_role("link", name="お知らせの実行回").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_contain_text("国民健康保険料 納付確認のお知らせ")
    assert page.frames[-1].url.endswith(f"/oshirase/runs/{play.runs['nhi_overdue']}")


def test_the_funnel_leads_into_a_list(visit: OpenVisit, play: Play) -> None:
    one = visit(CLERK)
    page = one.page
    page.goto(f"{play.address}/oshirase/runs/{play.runs['nhi_overdue']}")
    page.locator('main a[href*="/notices?"]').first.click()
    assert f"/runs/{play.runs['nhi_overdue']}/notices?" in page.url
    expect(page.locator("main table tbody tr").first).to_be_visible()
    assert not NUMBER.search(page.inner_text("main"))
    one.expect_policy_kept()


@pytest.mark.parametrize(
    ("button", "choice"),
    [("電話番号を伏せてダウンロードする", "masked"), ("宛名番号と電話番号を含めてダウンロードする", "personal")],
)
def test_a_list_is_downloaded_with_a_reason_that_is_kept(
    visit: OpenVisit, play: Play, button: str, choice: str
) -> None:
    page = visit(CLERK).page
    page.goto(f"{play.address}/oshirase/runs/{play.runs['nhi_overdue']}")
    page.locator('main a[href*="/notices?"]').first.click()
    page.get_by_label("ダウンロードする理由").fill("窓口での確認のため")
    with page.expect_download() as downloading:
        page.get_by_role("button", name=button).click()
    assert downloading.value.suggested_filename.endswith(".csv")
    content = downloading.value.path().read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") > 1
    assert bool(NUMBER.search(content.decode())) == (choice == "personal")
    kept = play.rows(
        "select accessed_by, reason from ledger.access where choice like :choice order by access_id desc limit 1",
        choice=f"{choice}%",
    )
    assert [tuple(row) for row in kept] == [(CLERK, "窓口での確認のため")]


def test_a_person_is_looked_up_and_that_is_kept(visit: OpenVisit, play: Play) -> None:
    ((resident_id, phone),) = play.rows(DELIVERED, run=play.runs["nhi_overdue"])
    one = visit(CLERK)
    one.page.goto(f"{play.address}/oshirase/people")
    one.page.get_by_label("宛名番号").fill(resident_id)
    one.page.get_by_label("電話でのお問合せ").check()
    one.page.get_by_role("button", name="照会する").click()
    told = one.page.inner_text("main")
    assert "国民健康保険料 納付確認のお知らせ" in told
    assert "電話機に届いたことを確認しています" in told
    assert phone[3:] not in told
    assert resident_id not in one.page.url
    one.expect_accessible()
    one.expect_policy_kept()
    kept = play.rows("select accessed_by, resident_id from ledger.access where kind = 'person_looked_up'")
    assert (CLERK, resident_id) in [tuple(row) for row in kept]


def test_a_run_is_stopped_and_its_bookings_cancelled(visit: OpenVisit, play: Play) -> None:
    page, run = visit(OTHER_CLERK).page, play.runs[INJECTED_CAMPAIGN]
    page.goto(f"{play.address}/oshirase/runs/{run}")
    page.get_by_label("停止する理由").fill(INJECTED)
    page.get_by_role("button", name="この実行回の送信を停止する").click()
    expect(page.get_by_role("status")).to_contain_text("送信を停止しました。送信予約の取消しを始めています。")
    # By name, whatever number Airflow gives the account; and the reason is text like any other.
    facts = page.locator(".facts").first
    expect(facts).to_contain_text(OTHER_CLERK)
    expect(facts).to_contain_text(INJECTED)
    play.stack.airflow.wait_for_run("reconcile_payments", newest(play), PATIENCE_SECONDS)
    assert not {row.state for row in play.rows(STATES, run=run)} & {"planned", "claimed", "accepted"}
    assert play.rows("select 1 from ledger.notice where campaign_run_id = :run and state = 'cancelled'", run=run)


def newest(play: Play) -> str:
    """The run of the cancellation: the page has just set it off."""
    return str(play.stack.airflow.runs("reconcile_payments")[-1]["dag_run_id"])
