"""Our pages follow the theme that was chosen in Airflow, while they are open in its frame."""

from playwright.sync_api import Page, expect

from sandbox.stack.credentials import CLERK
from tests.browser.conftest import OpenVisit
from tests.browser.play import Play


def choose(page: Page, theme: str) -> None:
    page.get_by_role("button", name="ユーザ").click()
    page.get_by_role("menuitem", name="外観モード").click()
    page.get_by_role("menuitemradio", name=theme).click()


def background(page: Page) -> str:
    return str(page.frames[-1].evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_page_in_the_frame_follows_airflows_switch(visit: OpenVisit, play: Play) -> None:
    one = visit(CLERK)
    page = one.page
    page.goto(f"{play.address}/dags/nhi_overdue/runs/{play.dag_runs['nhi_overdue']}/plugin/oshirase-run")
    root = page.frame_locator("iframe").locator("html")
    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_be_visible()
    light = background(page)
    choose(page, "ダークモード")
    expect(root).to_have_attribute("data-theme", "dark")
    assert background(page) != light
    choose(page, "ライトモード")
    expect(root).to_have_attribute("data-theme", "light")
    assert background(page) == light
    one.expect_policy_kept()
