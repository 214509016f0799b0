"""A visit: a browser window of one member of staff, and all that it asked for and complained about."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request

from tests.browser.play import INJECTED, Play

Scheme = Literal["light", "dark"]
OWN_HOSTS = {"127.0.0.1", "localhost"}
# Neither leaves the browser.
INNER = ("data:", "blob:", "about:")
SERIOUS = {"serious", "critical"}
# On a busy machine.
PATIENCE_SECONDS = 30
WIDTH, TALLEST_IMAGE = 1280, 1400
OF_INJECTED = 'img[src="x"]'


@dataclass
class Visit:
    """One window, its page, and what was seen of it."""

    context: BrowserContext
    page: Page
    requested: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def expect_own_host(self) -> None:
        """Nothing was asked of another host."""
        assert self.requested, "the page asked for nothing at all"
        foreign = {
            url for url in self.requested if not url.startswith(INNER) and urlsplit(url).hostname not in OWN_HOSTS
        }
        assert foreign == set()

    def expect_policy_kept(self) -> None:
        """The browser had to refuse nothing that the policy forbids."""
        assert self.refused == []

    def expect_nothing_ran(self) -> None:
        """What was put into texts is no part of any page."""
        assert self.dialogs == []
        for frame in self.page.frames:
            assert frame.locator(OF_INJECTED).count() == 0, frame.url

    def expect_accessible(self) -> None:
        """axe-core finds nothing serious, by WCAG 2.2 AA and its own good practice."""
        found = Axe().run(self.page).response["violations"]
        assert [_told(one) for one in found if one["impact"] in SERIOUS] == []

    def shoot(self, path: Path, *, whole: bool = True) -> None:
        """A screenshot: of what is in the window, or of the whole page as far as an image of it is of use."""
        height = int(self.page.evaluate("document.documentElement.scrollHeight")) if whole else 0
        if height:
            self.page.set_viewport_size({"width": WIDTH, "height": min(height, TALLEST_IMAGE)})
        self.page.screenshot(path=path, animations="disabled", caret="hide")


def _told(violation: dict[str, Any]) -> str:
    nodes = [node["html"][:120] for node in violation["nodes"]]
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {nodes}"


def open_visit(
    browser: Browser, play: Play, user: str | None, scheme: Scheme = "light", language: str = "ja-JP"
) -> Visit:
    """A window of its own, signed in unless `user` is None; 1280 pixels wide."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": 720}, color_scheme=scheme, locale=language, timezone_id="Asia/Tokyo"
    )
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    if user:
        context.add_cookies([{"name": "_token", "value": play.token(user), "url": play.address}])
    visit = Visit(context, context.new_page())

    def note_request(request: Request) -> None:
        visit.requested.append(request.url)

    def note_message(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            visit.refused.append(message.text)

    def note_dialog(dialog: Dialog) -> None:
        visit.dialogs.append(dialog.message)
        dialog.dismiss()

    context.on("request", note_request)
    context.on("console", note_message)
    context.on("dialog", note_dialog)
    return visit


def shows_injected(visit: Visit) -> bool:
    """Whether what was put into texts can be read on the page."""
    return INJECTED in visit.page.inner_text("main")
