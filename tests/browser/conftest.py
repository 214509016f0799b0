"""One running city, with Airflow's own accounts and roles by section, and one browser for the session."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from sandbox.stack.environment import AIRFLOW_DATABASE_SETTING, RECORDS_DATABASE_SETTING
from tests.browser.play import Play, played_city
from tests.browser.visit import PATIENCE_SECONDS, Visit, open_visit
from tests.debian import find_or_skip

# All of a test, and with the first one the start of the city.
LONGEST_TEST_SECONDS = 600
# Whatever a page or the browser itself may want: nothing but this machine is found.
NOTHING_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-cjk")

OpenVisit = Callable[..., Visit]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(LONGEST_TEST_SECONDS))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; without one all of these tests are skipped, and the end of the report says so."""
    return find_or_skip("the browser tests", CHROMIUM, PACKAGES)


@pytest.fixture(scope="session")
def play(chromium: str) -> Iterator[Play]:
    """The city with everything played in it."""
    # A folder of its own: whenever another pytest starts, it shuts PostgreSQL's user out of the one that they share.
    with TemporaryDirectory(prefix="oshirase-browser-") as folder, pytest.MonkeyPatch.context() as patch:
        # Never a database that somebody uses.
        for name in (AIRFLOW_DATABASE_SETTING, RECORDS_DATABASE_SETTING):
            patch.delenv(name, raising=False)
        with played_city(Path(folder)) as play:
            yield play


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Headless Chromium; root may not have its sandbox."""
    flags = [NOTHING_ELSE, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=flags)


@pytest.fixture
def visit(browser: Browser, play: Play) -> Iterator[OpenVisit]:
    """Open a window for a member of staff; whatever the test was about, none of its pages may have done these."""
    visits: list[Visit] = []

    def open_(*of: str | None, **how: str) -> Visit:
        visits.append(open_visit(browser, play, *of, **how))
        return visits[-1]

    yield open_
    for one in visits:
        one.expect_own_host()
        one.expect_nothing_ran()
        one.context.close()
