"""The templates of all pages, with the words that staff read."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from oshirase.adapters.settings import load_city
from oshirase.domain.calendar import JST, MonthDay, moment_in_words
from oshirase.domain.notice import STATE_LABELS, NoticeState, carrier_in_words, reason_in_words
from oshirase.domain.saying import Saying, Value, value_in_words
from oshirase.domain.subject import subject_in_words
from oshirase.errors import BadSettings
from oshirase.web.language import COOKIE, LANGUAGES, Language, chosen_language, translations


def render(
    request: Request,
    template: str,
    content: Mapping[str, Any],
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page in the visitor's language; `root` leads from it to the app's root, wherever that is mounted."""
    language = language_of(request)
    frame = {"root": root_of(request), "language": language, "languages": LANGUAGES}
    return page_templates(language).TemplateResponse(
        request, template, {**frame, **content}, status_code, dict(headers or {})
    )


def language_of(request: Request) -> Language:
    """What the visitor chose on a page, else the city's setting."""
    asked = request.query_params.get("language") or request.cookies.get(COOKIE)
    return chosen_language(asked, _language_of_city())


def _language_of_city() -> Language:
    try:
        return load_city().pages.language
    except BadSettings:
        # The page that tells of it has to come in some language.
        return "ja"


def root_of(request: Request) -> str:
    """The way from a page to the app's root, relative."""
    path: str = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return "../" * (path.count("/") - 1)


@cache
def page_templates(language: Language = "ja") -> Jinja2Templates:
    """Everything that is put into a page is escaped; a name that is not given to it is an error.

    In a template `_("…")` and `{% trans %}` hold sentences of ours: what they give counts as HTML. What comes out of a
    variable goes through the filter `translated` instead, and is escaped. What residents read is never translated.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    spoken = translations(language)
    # A method that the extension adds, which its types do not know.
    environment.install_gettext_translations(spoken, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "moment": moment_in_words if language == "ja" else _moment_in_english,
        "full_moment": _full_moment_in_words if language == "ja" else _moment_in_english,
        "day": _day_in_words if language == "ja" else date.isoformat,
        "jst_date": lambda moment: moment.astimezone(JST).date().isoformat(),
        "day_of_year": _day_of_year_in_words if language == "ja" else str,
        "number": "{:,}".format,
        "translated": spoken.gettext,
        "carrier": lambda carrier: spoken.gettext(carrier_in_words(carrier)),
        "state": lambda state: spoken.gettext(STATE_LABELS[NoticeState(state)]),
        "reason": lambda reason: spoken.gettext(reason_in_words(reason)),
        "subject": lambda subject, title: subject_in_words(subject, title, spoken.gettext),
        "told": lambda sayings: _told(sayings, spoken, language),
    }
    return Jinja2Templates(env=environment)


def _told(sayings: Iterable[Saying], spoken: NullTranslations, language: Language) -> str:
    if language == "ja":
        return "".join(map(str, sayings))
    return " ".join(saying.told(spoken.gettext, _value_in_english) for saying in sayings)


def _value_in_english(value: Value) -> str:
    if isinstance(value, datetime):
        return _moment_in_english(value)
    return value.isoformat() if isinstance(value, date) else value_in_words(value)


def _day_in_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _full_moment_in_words(moment: datetime) -> str:
    """For what may be years old."""
    return f"{moment.astimezone(JST).year}年{moment_in_words(moment)}"


def _day_of_year_in_words(day: str) -> str:
    return MonthDay.parse(day).in_words()


def _moment_in_english(moment: datetime) -> str:
    return f"{moment.astimezone(JST):%Y-%m-%d %H:%M}"
