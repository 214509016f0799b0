"""The app as a visitor opens it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL

from oshirase.adapters.database import campaign_engine
from oshirase.web.app import build_app
from oshirase.web.visitor import Visitor
from tests.scene import KEY, Scene

Open = Callable[..., TestClient]
# Ours, from a file, or numbers for a chart, which no browser runs.
OWN_SCRIPT = re.compile(r'<script (src="(\.\./)*static/[a-z./]+"|type="application/json")>')

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
LANGUAGE_CHOICE = ("日本語", "表示言語")


def japanese_in(page: str, *data: str) -> list[str]:
    """What of a page is Japanese, besides data of the city's and the choice of a language."""
    for known in (*data, *LANGUAGE_CHOICE):
        page = page.replace(known, "")
    return JAPANESE.findall(page)


def assert_closed(page: str) -> None:
    """Nothing of a page comes from another host, and nothing in it is run."""
    assert "://" not in page
    assert page.count("<script") == len(OWN_SCRIPT.findall(page))
    assert not re.search(r"<[^>]* (on[a-z]+|style)=", page)


@pytest.fixture
def open_as(scene: Scene, database_url: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the pages at the scene's time; further arguments are those of `build_app`."""
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("OSHIRASE_SECRET_KEY", KEY.decode())
    monkeypatch.setattr("oshirase.adapters.clock.system_clock", scene.clock)
    campaign_engine.cache_clear()

    def open_page(visitor: Visitor | None, **airflow: Any) -> TestClient:
        def who() -> Visitor:
            if visitor is None:
                raise HTTPException(401)
            return visitor

        return TestClient(build_app(who, **airflow), follow_redirects=False)

    yield open_page
    campaign_engine().dispose()
    campaign_engine.cache_clear()
