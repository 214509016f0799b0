"""Signing in at Airflow's own form, and what there is without it."""

import pytest
import requests
from playwright.sync_api import expect

from sandbox.stack.credentials import CLERK
from tests.browser.addresses import PAGES, Address
from tests.browser.conftest import OpenVisit
from tests.browser.play import PATIENCE_SECONDS, Play


def test_a_clerk_signs_in_and_finds_our_pages_in_the_menu(visit: OpenVisit, play: Play) -> None:
    page = visit(None).page
    page.goto(play.address)
    for password in ("wrong", play.stack.credentials.passwords[CLERK]):
        page.fill("[name=username]", CLERK)
        page.fill("[name=password]", password)
        page.click("[type=submit]")
    page.get_by_role("button", name="閲覧").click()
    page.get_by_role("menuitem", name="実行されていない予定日").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_have_text("実行されていない予定日")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_strangers_see_nothing(play: Play, page: Address) -> None:
    assert requests.get(page.of(play), timeout=PATIENCE_SECONDS).status_code == 401
