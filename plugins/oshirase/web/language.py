"""The language of the pages: written in Japanese, with an English catalogue beside it."""

from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Literal

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

Language = Literal["ja", "en"]
LANGUAGES: dict[Language, str] = {"ja": "日本語", "en": "English"}
COOKIE = "oshirase_language"
# A catalogue for the words of the domain, one for what all pages share, one for each kind of page.
CATALOGUES = Path(__file__).parent / "locale" / "en"


def N_(sentence: str) -> str:  # noqa: N802 - gettext's customary name
    """Marks a sentence that a template translates, `{{ _(told) }}`: tests hold it against the catalogues."""
    return sentence


@cache
def translations(language: Language, catalogues: Path = CATALOGUES) -> NullTranslations:
    """What turns the pages' own sentences into a language; Japanese ones are the keys of the catalogue."""
    if language == "ja":
        return NullTranslations()
    spoken = Translations()
    for path in sorted(catalogues.glob("*.po")):
        spoken.merge(_read(path))
    return spoken


def _read(path: Path) -> Translations:
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return Translations(compiled)


def chosen_language(asked: str | None, setting: Language) -> Language:
    """The language that a visitor chose; the city's setting when it is none of ours."""
    return next((language for language in LANGUAGES if language == asked), setting)
