"""The run-book has an entry for every alert: what it means, what to do, what not to do."""

import re

import pytest

from oshirase.adapters.paths import project_home
from oshirase.domain.alert import AlertKind
from oshirase.services.alert_message import RUNBOOK, WATCH_FAILED

TEXT = (project_home() / RUNBOOK).read_text(encoding="utf-8")
KINDS = [*AlertKind, WATCH_FAILED]
PARTS = ("**Means**", "**Do**", "**Do not**")


def entries() -> dict[str, str]:
    """The text below each heading of an alert; GitHub makes its anchor of the heading, `#KIND`."""
    chapter = TEXT.split("\n## Alerts\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^### |\Z)", chapter, re.MULTILINE | re.DOTALL))


def test_there_is_an_entry_for_every_alert_and_for_none_that_is_not() -> None:
    assert sorted(entries()) == sorted(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_it_means_what_to_do_and_what_not(kind: str) -> None:
    entry = entries()[kind]
    places = [entry.find(part) for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)
    for part, start, end in zip(PARTS, places, [*places[1:], None], strict=True):
        said = entry[start:end].removeprefix(part).strip(" :\n-")
        assert len(said) > 20, part


def test_its_own_links_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert [link for link in re.findall(r"\]\(#([^)]+)\)", TEXT) if link not in anchors] == []
