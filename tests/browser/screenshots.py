"""`make screenshots`: the images of the documentation, of the pages as clerks see them. No test: named to be run."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from oshirase.adapters.paths import project_home
from sandbox.stack.credentials import HEAD
from tests.browser.addresses import PAGES, Address
from tests.browser.conftest import OpenVisit
from tests.browser.play import APPROVAL, Play

IMAGES = Path(project_home() / "docs" / "images")
WAITING = "late_elderly_overdue"


@pytest.mark.parametrize("page", [page for page in PAGES if page.is_shown], ids=lambda page: page.name)
def test_page(visit: OpenVisit, play: Play, page: Address) -> None:
    one = visit(page.user)
    one.page.goto(page.of(play), wait_until="networkidle")
    one.shoot(IMAGES / f"{page.name}.png")


def test_approval(visit: OpenVisit, play: Play) -> None:
    one = visit(HEAD)
    # Airflow's own page scrolls inside: tall enough for all of it.
    one.page.set_viewport_size({"width": 1280, "height": 1650})
    one.page.goto(f"{play.address}/dags/{WAITING}/runs/{play.dag_runs[WAITING]}/tasks/{APPROVAL}/required_actions")
    expect(one.page.get_by_role("button", name="承認する")).to_be_visible()
    one.shoot(IMAGES / "approval.png", whole=False)


def test_tab(visit: OpenVisit, play: Play) -> None:
    one = visit(HEAD)
    one.page.goto(f"{play.address}/dags/{WAITING}/runs/{play.dag_runs[WAITING]}/plugin/oshirase-run")
    expect(one.page.frame_locator("iframe").get_by_role("heading", level=1)).to_be_visible()
    one.shoot(IMAGES / "run-in-airflow.png", whole=False)
