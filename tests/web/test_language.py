"""The language of the pages: Japanese, and English for who wants it."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from oshirase.domain.alert import ALERT_LABELS
from oshirase.domain.explanation import (
    CROSSED,
    INFORMATION_SELECTED,
    REASON_EXPLANATIONS,
    SELECTION_EXPLANATIONS,
    SETTLED_SINCE,
    STATE_EXPLANATIONS,
)
from oshirase.domain.notice import CARRIER_LABELS, OTHER_REASON_LABELS, STATE_LABELS, SUPPRESSION_LABELS
from oshirase.domain.subject import HEISEI, REIWA, SUBJECT_WORDS
from oshirase.services.access import ACCESS_LABELS
from oshirase.services.run_review import STAGE_LABELS
from oshirase.web.language import CATALOGUES, chosen_language, translations
from tests.processes import ROOT
from tests.scene import Scene
from tests.web.conftest import JAPANESE, Open
from tests.web.test_undecided import CLERK

WEB = ROOT / "plugins/oshirase/web"
SERVICES = ROOT / "plugins/oshirase/services"
WORDS = [*STATE_LABELS.values(), *STAGE_LABELS.values(), *SUPPRESSION_LABELS.values(), *OTHER_REASON_LABELS.values()]
WORDS += [*CARRIER_LABELS.values(), *ALERT_LABELS.values()]
WORDS += [*STATE_EXPLANATIONS.values(), *REASON_EXPLANATIONS.values(), *ACCESS_LABELS.values()]
WORDS += [*SELECTION_EXPLANATIONS.values(), INFORMATION_SELECTED, CROSSED, SETTLED_SINCE]
WORDS += [*SUBJECT_WORDS.values(), REIWA[0], HEISEI[0]]


def sentences() -> set[str]:
    """What templates, routes and services say."""
    options = {"extensions": "jinja2.ext.i18n", "trimmed": "true"}
    found = {("jinja2", path, None) for path in (WEB / "templates").rglob("*.html")}
    found |= {("python", path, "N_") for path in WEB.rglob("*.py")}
    found |= {("python", path, "say") for path in SERVICES.rglob("*.py")}
    return {
        message
        for method, path, marker in found
        for _, message, *_ in extract_from_file(
            method, path, **({"keywords": {marker: None}} if marker else {"options": options})
        )
    }


def test_every_sentence_of_the_pages_has_its_english_one() -> None:
    spoken = translations("en")
    missing = sorted(sentence for sentence in sentences() if spoken.gettext(sentence) == sentence)
    assert missing == [], "\n\n".join(f'msgid "{sentence}"\nmsgstr ""' for sentence in missing)


@pytest.mark.parametrize("catalogue", sorted(CATALOGUES.glob("*.po")), ids=lambda path: path.name)
def test_english_is_english_and_nothing_of_it_is_left_over(catalogue: Path) -> None:
    with catalogue.open("rb") as file:
        entries = [entry for entry in read_po(file) if entry.id]
    assert [entry.id for entry in entries if JAPANESE.search(str(entry.string))] == []
    known = sentences() | set(WORDS)
    assert [entry.id for entry in entries if entry.id not in known] == []


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_domain_has_its_english_one(word: str) -> None:
    assert translations("en").gettext(word) != word


def test_what_nobody_chose_is_the_setting_of_the_city() -> None:
    assert chosen_language(None, "ja") == "ja"
    assert chosen_language("fr", "en") == "en"
    assert chosen_language("en", "ja") == "en"


def test_a_visitor_s_choice_is_kept(open_as: Open, scene: Scene) -> None:
    client = open_as(CLERK)
    assert '<html lang="ja">' in client.get("/undecided").text
    assert '<html lang="en">' in client.get("/undecided?language=en").text
    assert '<html lang="en">' in client.get("/undecided").text
    assert '<html lang="ja">' in client.get("/undecided?language=ja").text


@pytest.mark.parametrize("path", sorted((WEB / "templates").glob("*.html")), ids=lambda path: path.name)
def test_what_comes_out_of_a_variable_is_escaped(path: Path) -> None:
    """`_(…)` gives HTML: only a sentence that stands in the template may go through it."""
    assert re.findall(r"(?<![\w.])_\((?![\"'])[^)]*\)", path.read_text(encoding="utf-8")) == []
