"""Signing in at Airflow's own form, and what there is without it."""

import re
from uuid import UUID

import pytest
import requests
from fastapi.routing import APIRoute
from playwright.sync_api import expect

from oshirase.web.app import build_app
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


def test_no_route_of_ours_is_open(play: Play) -> None:
    """Whatever the plugin has, files of style and script apart; not only the pages that somebody listed."""
    app = build_app(visitor=lambda: None)  # type: ignore[arg-type, return-value]
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    assert len(routes) > len({page.path.partition("/")[0] for page in PAGES})
    for route in routes:
        path = re.sub(r"\{[a-z_]+\}", str(UUID(int=0)), route.path)
        for method in route.methods:
            answer = requests.request(method, f"{play.address}/oshirase{path}", timeout=PATIENCE_SECONDS)
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
