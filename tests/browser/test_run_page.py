"""The run page as clerks use it: from Airflow's run, into a list, a download, and the one action."""

import re

from playwright.sync_api import expect

from sandbox.stack.credentials import CLERK, OTHER_CLERK
from tests.browser.conftest import OpenVisit
from tests.browser.play import INJECTED, INJECTED_CAMPAIGN, PATIENCE_SECONDS, Play

STATES = "select distinct state from ledger.notice where campaign_run_id = :run"
# Whole telephone numbers; what pages show of them is masked.
NUMBER = re.compile(r"(?:\+81|0)[789]0[- ]?\d{4}[- ]?\d{4}")


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


def test_a_list_is_downloaded_with_a_reason_that_is_kept(visit: OpenVisit, play: Play) -> None:
    page = visit(CLERK).page
    page.goto(f"{play.address}/oshirase/runs/{play.runs['nhi_overdue']}")
    page.locator('main a[href*="/notices?"]').first.click()
    form = page.locator("form").filter(has=page.locator('[name="reason"]'))
    form.locator('[name="reason"]').fill("窓口での確認のため")
    with page.expect_download() as downloading:
        form.get_by_role("button").click()
    assert downloading.value.suggested_filename.endswith(".csv")
    assert downloading.value.path().read_bytes().count(b"\n") > 1
    kept = play.rows("select accessed_by, reason from ledger.access where kind = 'list_downloaded'")
    assert [tuple(row) for row in kept] == [(CLERK, "窓口での確認のため")]


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
