"""What must not stand in a log: telephone numbers and the ids by which a city knows its residents, found by their form.

The forms of telephone numbers are those that `oshirase.domain.phone` reads. What looks alike and names nobody (ids of
runs and notices, digests, moments, fractions, sizes) is recognised first and stays.
"""

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

REDACTED = "[redacted]"
# Shorter runs of digits are dates, counts and ports; a resident id that is shorter needs a pattern of its own.
SHORTEST_RUN = 10
# Every character that `read_phone` passes over (a test holds the two together), but line ends.
SEPARATORS = (
    " \t.()\\-\u00a0\u00ad\u00b7\u0387\u058a\u05be\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1400\u1680"
    "\u1806\u180e\u2000-\u200f\u2010-\u2015\u2024-\u2026\u202a-\u202f\u205f-\u2064\u2066-\u206f\u207b\u207d\u207e"
    "\u208b\u208d\u208e\u2212\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u3000\u301c\u3030\u30a0\u30fb\u30fc\ufe19\ufe30-\ufe32"
    "\ufe35\ufe36\ufe52\ufe58-\ufe5a\ufe63\ufeff\uff08\uff09\uff0d\uff0e\uff65\uff70\ufff9-\ufffb\U00010d6e\U00010ead"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
_GAP = f"[{SEPARATORS}]{{0,3}}"
_ZERO, _ONE_TO_NINE = "[0０]", "[1-9１-９]"
_DATE = r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"[0-2]\d:[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?(?:Z|\s?[+-]\d\d:?\d\d)?"
_COMPACT = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T_-]?[0-2]\d[0-5]\d[0-6]\d)?"

# What stays, however many digits it has: ids, digests and traces; then addresses, moments, fractions and sizes.
_HARMLESS_IDS = (
    r"(?<![0-9A-Za-z])(?=[0-9a-fA-F]{8})(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?=\d*[a-f])(?:[0-9a-f]{32,128}|[0-9a-f]{16}))(?![0-9A-Za-z])"
)
_HARMLESS_FIGURES = "|".join(
    (
        rf"(?<!\d)(?:{_DATE}(?:[T\s]{_TIME})?|{_COMPACT}Z?)(?!\d)",
        r"(?<![\d.])(?:(?:0|[1-9]\d{0,9})\.\d+(?![\d.])|[1-9]\d*\s?(?:bytes|ns|us|µs|ms)\b)",
        r"0x[0-9a-fA-F]+",
    )
)
# With 010 or 00; national; E.164, of any country; with 81 alone; without the first 0, which a spreadsheet took; an id.
_PERSONAL = "|".join(
    (
        rf"(?<!\d){_ZERO}(?:[1１]{_ZERO}|{_ZERO}){_GAP}{_ONE_TO_NINE}(?:{_GAP}\d){{9,14}}",
        rf"(?<!\d){_ZERO}{_ONE_TO_NINE}(?:{_GAP}\d){{8,9}}",
        rf"(?:[+＋]|%2[Bb]|\\u002[bB]){_GAP}{_ONE_TO_NINE}(?:{_GAP}\d){{7,15}}",
        rf"(?<!\d)[8８][1１](?:{_GAP}\d){{9,11}}",
        rf"(?<!\d)[6-9６-９]{_ZERO}[{SEPARATORS}]{{1,3}}\d{{4}}{_GAP}\d{{4}}(?!\d)",
        rf"\d{{{SHORTEST_RUN},}}",
    )
)
# Values that name nobody.
_NOBODY = (bool, float, date, time, timedelta, UUID)
# Only where as many digits stand near each other as the shortest number has: most lines end here.
_NINE_DIGITS = re.compile(r"\d(?:\D{0,3}\d){8}")
# A value by its name, whatever its form: in SQL parameters, dumped rows, and PostgreSQL's `Key (resident_id)=(…)`.
_NAMED = re.compile(
    r"((?:resident|household|obligor|levy|payment|plan|hold|opt_out)_id|phone_(?:raw|e164))"
    r"""(["']?\)?\s?[=:]\s?[("']{0,3})(?=[A-Z]?\d)[\w+-]+"""
)
# A subject but for its kind and year: nhi/2026/4/… (docs/screening.md).
_SUBJECT = re.compile(r"""\b((?:nhi|late_elderly|check_up)/\d{4}/\d+/|plan/(?=[^/]+/\d))[^\s/"',)\]}]+""")


class Redactor:
    """Takes telephone numbers and residents' ids out of texts.

    Args:
        id_pattern: a regular expression for ids that have another form than `SHORTEST_RUN` digits or more.

    Raises:
        re.error: the pattern is none.
    """

    def __init__(self, id_pattern: str | None = None) -> None:
        self._own = re.compile(id_pattern) if id_pattern else None
        own = f"|{id_pattern}" if id_pattern else ""
        self._forms = re.compile(
            rf"(?P<harmless_id>{_HARMLESS_IDS})|(?=[\d+＋%\\])(?:(?P<harmless_figure>{_HARMLESS_FIGURES})|{_PERSONAL}){own}"
        )

    def redact(self, text: str) -> str:
        """The text with `[redacted]` for every telephone number and id; the same text where there is none."""
        if "_id" in text or "phone_" in text:
            text = _NAMED.sub(rf"\1\2{REDACTED}", text)
        if "/" in text:
            text = _SUBJECT.sub(rf"\1{REDACTED}", text)
        if self._own is None and _NINE_DIGITS.search(text) is None:
            return text
        return self._forms.sub(_replace, text)

    def redact_value(self, value: Any) -> Any:
        """A value as it may be written in a structured log: nothing of its kind stays that a text could hide.

        Numbers, moments, mappings and sequences keep their form; anything else becomes its text.
        """
        if isinstance(value, str):
            return self.redact(value)
        if value is None or isinstance(value, _NOBODY):
            return value
        if isinstance(value, int):
            return self._redact_number(value)
        if isinstance(value, Mapping):
            return {self.redact_value(key): self.redact_value(one) for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.redact_value(one) for one in value]
        return self.redact(str(value))

    def _redact_number(self, number: int) -> int | str:
        text = str(number)
        redacted = self.redact(text)
        return number if redacted == text else redacted


def _replace(found: re.Match[str]) -> str:
    return found[0] if found["harmless_id"] or found["harmless_figure"] else REDACTED
