"""What a notice is about, in words: its subject without the parts that name a person, a plan or a household."""

import re
from collections.abc import Callable

# By the first part of a subject (docs/screening.md); `number` is the instalment, the plan's, or the wave.
SUBJECT_WORDS = {
    "nhi": "国民健康保険料 {year} 第{number}期",
    "late_elderly": "後期高齢者医療保険料 {year} 第{number}期",
    "plan": "分割納付 第{number}回",
    "check_up": "特定健診 {year} 第{number}次の受診案内",
}
# Eras with the year before their first one.
REIWA, HEISEI = ("令和{number}年度", 2018), ("平成{number}年度", 1988)
FIRST_YEAR = "元"
_SHAPES = {
    "nhi": r"nhi/(?P<year>\d{4})/(?P<number>\d+)/",
    "late_elderly": r"late_elderly/(?P<year>\d{4})/(?P<number>\d+)/",
    "plan": r"plan/.+/(?P<number>\d+)\Z",
    "check_up": r"check_up/(?P<year>\d{4})/(?P<number>\d+)/",
}


def _as_it_is(sentence: str) -> str:
    return sentence


def subject_in_words(subject: str, title: str, translate: Callable[[str], str] = _as_it_is) -> str:
    """A subject as staff say it: 国民健康保険料 令和8年度 第3期.

    Information has no more to say than its campaign's `title`. `translate` turns the words of this module into another
    language.
    """
    kind = subject.split("/", maxsplit=1)[0]
    found = re.match(_SHAPES[kind], subject) if kind in _SHAPES else None
    if found is None:
        return title
    parts = found.groupdict()
    year = fiscal_year_in_words(int(parts["year"]), translate) if "year" in parts else ""
    return translate(SUBJECT_WORDS[kind]).format(year=year, number=int(parts["number"]))


def fiscal_year_in_words(year: int, translate: Callable[[str], str] = _as_it_is) -> str:
    """A fiscal year by its era, that of its last day: 令和8年度, and 令和元年度 for all of 2019."""
    words, year_zero = REIWA if year > REIWA[1] else HEISEI
    number = FIRST_YEAR if year == year_zero + 1 else str(year - year_zero)
    return translate(words).format(number=number, western=year)
