"""A city for the session, and a campaign of its own in it for each test."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.city import MARK, RunningCity, campaign_of, running_city
from tests.e2e.rehearsal import Rehearsal

# All of a test, and the start of the city with the first one, on a machine that runs another suite beside it.
LONGEST_TEST_SECONDS = 900
# Beside the longest another worker does all the others; whose city is its own comes before the session's city starts.
FIRST = ("test_outages", "test_celery")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARK}(**settings): how the settings of the test's campaign differ")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "city" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(LONGEST_TEST_SECONDS))
    items.sort(key=lambda item: not any(name in item.nodeid for name in FIRST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    rehearsal = getattr(item, "funcargs", {}).get("rehearsal")
    if report.failed and report.when == "call" and rehearsal:
        report.sections.append(("What Airflow, the ledger and the gateway say", rehearsal.report()))
    return report


@pytest.fixture(scope="session")
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """The city whose scheduler runs the tasks itself."""
    with running_city(tmp_path_factory.mktemp("city"), request.session.items) as city:
        yield city


@pytest.fixture
def rehearsal(city: RunningCity, request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    """The test's own campaign; at the end the gateway is asked whether all that must hold does."""
    city.telephones.behave()
    rehearsal = Rehearsal(campaign_of(request.node), city.stack, city.home, city.owner, city.telephones)
    yield rehearsal
    city.telephones.behave()
    try:
        city.telephones.check()
    except AssertionError as error:
        error.add_note(rehearsal.report())
        raise
