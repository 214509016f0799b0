"""What holds of every page: in each language, light and dark, with nothing from elsewhere and nothing that runs."""

import pytest
from playwright.sync_api import expect

from tests.browser.addresses import PAGES, Address
from tests.browser.conftest import OpenVisit
from tests.browser.play import INJECTED, INJECTED_CAMPAIGN, Play
from tests.browser.visit import shows_injected

WITH_CHART = [page for page in PAGES if page.has_chart]


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def page(request: pytest.FixtureRequest) -> Address:
    return request.param


# Colours depend on the scheme alone, words on the language: two of the four are enough.
@pytest.mark.parametrize(("language", "scheme"), [("ja", "light"), ("en", "dark")])
def test_accessible(visit: OpenVisit, play: Play, page: Address, language: str, scheme: str) -> None:
    one = visit(page.user, scheme=scheme)
    address = page.of(play)
    one.page.goto(f"{address}{'&' if '?' in address else '?'}language={language}", wait_until="networkidle")
    expect(one.page.locator("html")).to_have_attribute("lang", language)
    one.expect_accessible()
    one.expect_policy_kept()


@pytest.mark.parametrize("page", WITH_CHART, ids=lambda page: page.name)
def test_charts_are_drawn_under_the_policy(visit: OpenVisit, play: Play, page: Address) -> None:
    one = visit(page.user)
    one.page.goto(page.of(play), wait_until="networkidle")
    charts = one.page.locator("figure.chart")
    assert charts.count() > 0
    for number in range(charts.count()):
        expect(charts.nth(number).locator(".plot svg.main-svg").first).to_be_visible()
    one.expect_policy_kept()


def test_what_was_put_into_a_text_and_a_reason_is_read_and_does_nothing(visit: OpenVisit, play: Play) -> None:
    (page,) = [page for page in PAGES if page.name == "run-injected"]
    one = visit(page.user)
    one.page.goto(page.of(play), wait_until="networkidle")
    assert shows_injected(one)
    # As the text's body, and as the reason of the approval.
    expect(one.page.locator(".phone .screen").first).to_contain_text(INJECTED)
    expect(one.page.get_by_role("cell", name="<img src=x")).to_have_count(1)


def test_nor_does_it_in_airflows_own_page_of_the_question(visit: OpenVisit, play: Play) -> None:
    (page,) = [page for page in PAGES if page.name == "run-injected"]
    one = visit(page.user)
    run = f"{play.address}/dags/{INJECTED_CAMPAIGN}/runs/{play.dag_runs[INJECTED_CAMPAIGN]}"
    one.page.goto(f"{run}/tasks/approve/required_actions")
    expect(one.page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()


def test_a_row_that_was_rejected_was_the_wrong_one(play: Play) -> None:
    """What the other pages show of it is looked at by every test: see `Visit.expect_nothing_ran`."""
    rejected = play.rows("select column_name from records.load_reject inner join records.load using (load_id)"
                         " where extract = 'payment' and as_of > '2026-10-05'")  # fmt: skip
    assert "amount_yen" in {row.column_name for row in rejected}
