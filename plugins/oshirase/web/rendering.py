"""The templates of all pages, with the words that staff read."""

from datetime import date
from functools import cache
from pathlib import Path

from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from oshirase.domain.calendar import moment_in_words
from oshirase.domain.notice import STATE_LABELS, NoticeState, reason_in_words


@cache
def page_templates() -> Jinja2Templates:
    """Everything that is put into a page is escaped; a name that is not given to it is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": moment_in_words,
        "day": _day_in_words,
        "number": "{:,}".format,
        "state": lambda state: STATE_LABELS[NoticeState(state)],
        "reason": reason_in_words,
    }
    return Jinja2Templates(env=environment)


def _day_in_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
