"""The values of a business system's extracts: codes, dates, amounts and numbers as vendors and spreadsheets write them.

Every reader takes the text of one field and gives its value or raises `BadValue`. None of them guesses: what could mean
two things is refused, and the clerk is told what to look at.
"""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

MAX_AMOUNT_YEN: Final = 2_147_483_647
MAX_NUMBER: Final = 32_767
MAX_LENGTH: Final = 64
YEARS: Final = range(1868, 2200)


class ValueIssue(StrEnum):
    """Why a field of an extract cannot be read."""

    MISSING = "missing"
    NOT_A_DATE = "not_a_date"
    IMPOSSIBLE_DATE = "impossible_date"
    NOT_AN_AMOUNT = "not_an_amount"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_YEAR = "not_a_year"
    MANGLED_NUMBER = "mangled_number"
    NOT_A_CODE = "not_a_code"
    UNKNOWN_VALUE = "unknown_value"
    OUT_OF_RANGE = "out_of_range"


VALUE_SENTENCES: Final[dict[ValueIssue, str]] = {
    ValueIssue.MISSING: "必要な項目が空欄です。業務システムの登録内容を確認し、値を入れてください。",
    ValueIssue.NOT_A_DATE: "日付として読み取れません。「2026-09-30」や「令和8年9月30日」のような形に直してください。",
    ValueIssue.IMPOSSIBLE_DATE: "暦にない日付か、元号の期間に合わない日付です。年月日を確認してください。",
    ValueIssue.NOT_AN_AMOUNT: "金額として読み取れません。「12,000」のように、円単位の整数に直してください。",
    ValueIssue.NOT_A_NUMBER: "数として読み取れません。「4」のように、0以上の整数に直してください。",
    ValueIssue.NOT_A_YEAR: "年度として読み取れません。「2026」や「令和8年度」のような形に直してください。",
    ValueIssue.MANGLED_NUMBER: (
        "表計算ソフトで開いたときに、数字が「E+」を含む形に変わっています。業務システムから出力し直し、開かずに取り込んでください。"
    ),
    ValueIssue.NOT_A_CODE: "番号として読み取れません。数式や改行などが混ざっていないか確認し、出力し直してください。",
    ValueIssue.UNKNOWN_VALUE: "設定にない値です。値を確認し、正しい場合は設定の担当者に追加を依頼してください。",
    ValueIssue.OUT_OF_RANGE: "値が大きすぎるか小さすぎます。桁や単位が正しいか確認してください。",
}


class BadValue(ValueError):
    """A field that cannot be read. Says why and never what stood there: the value may be personal."""

    def __init__(self, issue: ValueIssue) -> None:
        super().__init__(issue)
        self.issue = issue


class _Era(NamedTuple):
    year_zero: int
    first: date
    last: date


# Each era by the digit the business systems use, its Latin letter and its first character.
_ERAS = {
    mark: era
    for marks, era in [
        ("1M明", _Era(1867, date(1868, 1, 25), date(1912, 7, 29))),
        ("2T大", _Era(1911, date(1912, 7, 30), date(1926, 12, 24))),
        ("3S昭", _Era(1925, date(1926, 12, 25), date(1989, 1, 7))),
        ("4H平", _Era(1988, date(1989, 1, 8), date(2019, 4, 30))),
        ("5R令", _Era(2018, date(2019, 5, 1), date(2199, 12, 31))),
    ]
    for mark in marks
}
_ERA = r"(?P<era>明治?|大正?|昭和?|平成?|令和?|[MTSHRmtshr])"
# One separator throughout, or 年 月 日.
_MONTH_DAY = r"(?:(?P<mark>[-/.])|年)(?P<month>[0-9]{1,2})(?(mark)(?P=mark)|月)(?P<day>[0-9]{1,2})(?(mark)|日)"
_PLAIN_DATE = re.compile(r"([0-9]{4})([-/]?)([0-9]{2})\2([0-9]{2})")
_WESTERN_DATE = re.compile(rf"(?P<year>[0-9]{{4}}){_MONTH_DAY}")
_ERA_DATE = re.compile(rf"{_ERA}(?P<year>元|[0-9]{{1,2}}){_MONTH_DAY}")
_ERA_SIX = re.compile(r"(?P<era>[1-5]|[MTSHRmtshr])(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_MIDNIGHT = re.compile(r"(?: +|T)00?:00(?::00(?:\.0+)?)?\Z")

_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
_YEN = r"[¥\\]"
_SIGN = r"[-+▲△ー]"
_AMOUNT = re.compile(rf"(?:(?P<sign>{_SIGN})?{_YEN}?|{_YEN}(?P<inner>{_SIGN}))(?P<digits>{_DIGITS})(?:\.0+)?円?")
# The trailing minus belongs to bare numbers: after ¥ or 円 a dash only closes the amount, so it is not understood.
_NEGATIVE = re.compile(rf"{_YEN}?\({_YEN}?(?P<bracketed>{_DIGITS})(?:\.0+)?円?\)|(?P<trailing>{_DIGITS})(?:\.0+)?-")
_NUMBER = re.compile(r"第?(?P<digits>[0-9]+)(?:期|年度|年|号|回)?")
_YEAR = re.compile(r"(?P<year>[0-9]{4})(?:年度?)?")
_ERA_YEAR = re.compile(rf"{_ERA}(?P<year>元|[0-9]{{1,2}})(?:年度?)?")
_ERA_DIGIT_YEAR = re.compile(r"(?P<era>[1-5])(?P<year>[0-9]{2})")

# 8.01234E+10, 1.2e5, 8E+10. A bare 1E5 may be somebody's code: spreadsheets always write the sign.
_MANGLED = re.compile(r"[-+]?[0-9]+(?:\.[0-9]*[eE][-+]?|[eE][-+])[0-9]+")
_FORMULA = re.compile(r"[=+@]|-(?![0-9])")
_SPACE_BETWEEN_DIGITS = re.compile(r"[0-9] +[0-9]")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_BLANKS = " \t\r\n"


def read_code(text: str) -> str:
    """Read an identifier: half-width, without the whitespace around it; leading zeros stay.

    Raises:
        BadValue: `missing`, `mangled_number` (a spreadsheet took the digits) or `not_a_code` (control characters, line
            breaks, the beginning of a formula, more than 64 characters).
    """
    if text.isascii() and text.isalnum() and len(text) <= MAX_LENGTH:
        return text
    code = unicodedata.normalize("NFKC", text).strip(_BLANKS)
    if not code:
        raise BadValue(ValueIssue.MISSING)
    if _MANGLED.fullmatch(code):
        raise BadValue(ValueIssue.MANGLED_NUMBER)
    if len(code) > MAX_LENGTH or not code.isprintable() or _FORMULA.match(code):
        raise BadValue(ValueIssue.NOT_A_CODE)
    return code


def read_date(text: str) -> date:
    """Read a Western or Japanese-era date; see the tests for every form.

    Raises:
        BadValue: `missing`, `not_a_date`, `mangled_number` or `impossible_date` (no such day, a day outside its era, a
            year outside 1868 to 2199).
    """
    if plain := _PLAIN_DATE.fullmatch(text):
        return _date(int(plain[1]), int(plain[3]), int(plain[4]))
    folded = _fold(text, ValueIssue.NOT_A_DATE)
    day = _MIDNIGHT.sub("", folded)
    written = _without_spaces(day, ValueIssue.NOT_A_DATE)
    if western := _WESTERN_DATE.fullmatch(written):
        return _date(int(western["year"]), int(western["month"]), int(western["day"]))
    if plain := _PLAIN_DATE.fullmatch(written):
        return _date(int(plain[1]), int(plain[3]), int(plain[4]))
    match = _ERA_DATE.fullmatch(written) or _ERA_SIX.fullmatch(written)
    if match is None or day != folded:  # only Western dates come with a time
        raise BadValue(ValueIssue.NOT_A_DATE)
    return _era_date(match)


def read_amount(text: str) -> int:
    """Read an amount of whole yen, negative for a refund or a correction.

    Raises:
        BadValue: `missing`, `not_an_amount`, `mangled_number` or `out_of_range` (beyond 2,147,483,647 either way).
    """
    if len(text) <= 9 and text.isascii() and text.isdigit():
        return int(text)
    written = _without_spaces(_fold(text, ValueIssue.NOT_AN_AMOUNT), ValueIssue.NOT_AN_AMOUNT)
    if match := _AMOUNT.fullmatch(written):
        amount = _bounded(match["digits"].replace(",", ""), MAX_AMOUNT_YEN)
        return amount if (match["sign"] or match["inner"] or "+") == "+" else -amount
    if match := _NEGATIVE.fullmatch(written):
        return -_bounded((match["bracketed"] or match["trailing"]).replace(",", ""), MAX_AMOUNT_YEN)
    raise BadValue(ValueIssue.NOT_AN_AMOUNT)


def read_number(text: str) -> int:
    """Read a small whole number from 0: `4`, `４`, `第4期`, `4回`.

    Raises:
        BadValue: `missing`, `not_a_number`, `mangled_number` or `out_of_range` (above 32,767).
    """
    if len(text) <= 4 and text.isascii() and text.isdigit():
        return int(text)
    match = _NUMBER.fullmatch(_without_spaces(_fold(text, ValueIssue.NOT_A_NUMBER), ValueIssue.NOT_A_NUMBER))
    if match is None:
        raise BadValue(ValueIssue.NOT_A_NUMBER)
    return _bounded(match["digits"], MAX_NUMBER)


def read_year(text: str) -> int:
    """Read a fiscal or levy year as its Western number: `2026`, `令和8年度`, `R8`, `508`.

    Era years are only counted: 平成31年度 and 令和元年度 are both 2019.

    Raises:
        BadValue: `missing`, `not_a_year`, `mangled_number` or `out_of_range` (year 0 of an era, outside 1868 to 2199).
    """
    written = text if text.isascii() and text.isdigit() else _fold(text, ValueIssue.NOT_A_YEAR)
    written = _without_spaces(written, ValueIssue.NOT_A_YEAR)
    if western := _YEAR.fullmatch(written):
        year = int(western["year"])
    elif match := _ERA_YEAR.fullmatch(written) or _ERA_DIGIT_YEAR.fullmatch(written):
        year = _western_year(match, ValueIssue.OUT_OF_RANGE)
    else:
        raise BadValue(ValueIssue.NOT_A_YEAR)
    if year not in YEARS:
        raise BadValue(ValueIssue.OUT_OF_RANGE)
    return year


def _fold(text: str, issue: ValueIssue) -> str:
    """Half-width text with one kind of dash; `issue` is what it is when it cannot be a number of any kind."""
    folded = text if text.isascii() else _half_width(text, issue)
    folded = folded.strip(_BLANKS)
    if not folded:
        raise BadValue(ValueIssue.MISSING)
    if len(folded) > MAX_LENGTH:
        raise BadValue(issue)
    if _MANGLED.fullmatch(folded):
        raise BadValue(ValueIssue.MANGLED_NUMBER)
    return folded


def _half_width(text: str, issue: ValueIssue) -> str:
    # NFKC would make 103 of 10³, and of ⑴ a bracketed, negative 1.
    if any(unicodedata.category(c) == "No" for c in text):
        raise BadValue(issue)
    return unicodedata.normalize("NFKC", text).translate(_DASHES)


def _without_spaces(text: str, issue: ValueIssue) -> str:
    """`R 8. 9.30` is R8.9.30; but 2011 1 11 must not become the era date 2011111."""
    if " " not in text:
        return text
    if _SPACE_BETWEEN_DIGITS.search(text):
        raise BadValue(issue)
    return text.replace(" ", "")


def _bounded(digits: str, most: int) -> int:
    number = int(digits)
    if number > most:
        raise BadValue(ValueIssue.OUT_OF_RANGE)
    return number


def _date(year: int, month: int, day: int) -> date:
    if year not in YEARS:
        raise BadValue(ValueIssue.IMPOSSIBLE_DATE)
    try:
        return date(year, month, day)
    except ValueError:
        raise BadValue(ValueIssue.IMPOSSIBLE_DATE) from None


def _era_date(match: re.Match[str]) -> date:
    era = _era(match)
    found = _date(_western_year(match, ValueIssue.IMPOSSIBLE_DATE), int(match["month"]), int(match["day"]))
    if not era.first <= found <= era.last:
        raise BadValue(ValueIssue.IMPOSSIBLE_DATE)
    return found


def _western_year(match: re.Match[str], issue: ValueIssue) -> int:
    year = 1 if match["year"] == "元" else int(match["year"])
    if year == 0:
        raise BadValue(issue)
    return _era(match).year_zero + year


def _era(match: re.Match[str]) -> _Era:
    return _ERAS[match["era"][0].upper()]
