"""The language of the pages: Japanese, and English for who wants it."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from oshirase.domain.notice import OTHER_REASON_LABELS, STATE_LABELS, SUPPRESSION_LABELS
from oshirase.services.run_review import STAGE_LABELS
from oshirase.web.language import CATALOGUES, chosen_language, translations
from tests.processes import ROOT
from tests.scene import Scene
from tests.web.conftest import Open
from tests.web.test_undecided import CLERK

LOCALE = ROOT / "plugins/oshirase/web/locale/en"
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
WORDS = [*STATE_LABELS.values(), *STAGE_LABELS.values(), *SUPPRESSION_LABELS.values(), *OTHER_REASON_LABELS.values()]


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_every_sentence_has_its_english_one(catalogue: str) -> None:
    with (LOCALE / catalogue).open("rb") as file:
        entries = [entry for entry in read_po(file) if entry.id]
    assert [entry.id for entry in entries if not entry.string or JAPANESE.search(str(entry.string))] == []


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


def test_the_catalogue_has_the_pages_sentences(tmp_path: Path) -> None:
    """`make catalogue` brings it up to date."""
    from babel.messages.extract import extract_from_file

    options = {"extensions": "jinja2.ext.i18n", "trimmed": "true"}
    with (LOCALE / "pages.po").open("rb") as file:
        known = {entry.id for entry in read_po(file)}
    templates = sorted((ROOT / "plugins/oshirase/web/templates").rglob("*.html"))
    found = {message for path in templates for _, message, *_ in extract_from_file("jinja2", path, options=options)}
    routes = sorted((ROOT / "plugins/oshirase/web").rglob("*.py"))
    found |= {message for path in routes for _, message, *_ in extract_from_file("python", path, keywords={"N_": None})}
    assert {message for message in found if message not in known} == set()
