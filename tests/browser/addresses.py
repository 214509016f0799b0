"""The addresses of our pages: every test that is about all of them, and the screenshots, go by this list."""

from dataclasses import dataclass

from sandbox.stack.credentials import CLERK, OTHER_CLERK
from tests.browser.play import INJECTED_CAMPAIGN, Play

ROOT = "/oshirase"


@dataclass(frozen=True)
class Address:
    """A page, as one member of staff sees it.

    `path`: below the app's root, with `{NAME}` where the run of that campaign belongs. `has_chart`: a chart is drawn on
    it. `is_shown`: a screenshot of it is in docs/images, called as the page.
    """

    name: str
    path: str
    user: str = CLERK
    has_chart: bool = False
    is_shown: bool = True

    def of(self, play: Play) -> str:
        """The whole address."""
        return f"{play.address}{ROOT}/{self.path.format(**play.runs)}"


PAGES = (
    Address("home", ""),
    Address("campaign", "campaigns/nhi_overdue", has_chart=True),
    Address("effect", "campaigns/nhi_overdue/effect"),
    Address("occurrences", "occurrences?whole=true", OTHER_CLERK),
    Address("undecided", "undecided"),
    Address("run", "runs/{nhi_overdue}", has_chart=True),
    Address("report", "runs/{nhi_overdue}/report", is_shown=False),
    Address("notices", "runs/{nhi_overdue}/notices"),
    Address("people", "people", is_shown=False),
    Address("access", "access", is_shown=False),
    Address("run-awaiting", "runs/{late_elderly_overdue}"),
    Address("run-injected", f"runs/{{{INJECTED_CAMPAIGN}}}", OTHER_CLERK, is_shown=False),
    Address("message", "runs/{public_notice}", is_shown=False),
)
# Those that not everybody who is signed in may see, and somebody of the other section.
OF_ONE_SECTION = (
    Address("run", "runs/{nhi_overdue}", OTHER_CLERK),
    Address("run", "runs/{public_notice}", CLERK),
    Address("report", "runs/{public_notice}/report", CLERK),
    Address("notices", "runs/{public_notice}/notices", CLERK),
    Address("campaign", "campaigns/public_notice", CLERK),
    Address("effect", "campaigns/public_notice/effect", CLERK),
    Address("dag-run", "dag-run?dag_id=public_notice&dag_run_id=manual", CLERK),
)
