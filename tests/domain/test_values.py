"""The values of an extract as business systems, clerks and spreadsheets write them."""

import contextlib
import pickle
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oshirase.domain.values import (
    MAX_AMOUNT_YEN,
    VALUE_SENTENCES,
    BadValue,
    ValueIssue,
    read_amount,
    read_code,
    read_date,
    read_number,
    read_year,
)

READERS: list[Callable[[str], object]] = [read_code, read_date, read_amount, read_number, read_year]
FULL_WIDTH = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(ord("!"), ord("~") + 1)})


def issue_of(read: Callable[[str], object], text: str) -> ValueIssue:
    with pytest.raises(BadValue) as refused:
        read(text)
    return refused.value.issue


@pytest.mark.parametrize("issue", ValueIssue)
def test_every_issue_has_a_sentence(issue: ValueIssue) -> None:
    assert VALUE_SENTENCES[issue].endswith("ください。")


def test_a_refusal_names_the_issue_and_never_the_value() -> None:
    with pytest.raises(BadValue) as refused:
        read_date("2026-02-30")
    assert str(refused.value) == "impossible_date"
    assert "02-30" not in repr(refused.value)
    assert pickle.loads(pickle.dumps(refused.value)).issue is ValueIssue.IMPOSSIBLE_DATE


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("text", ["", " ", "\u3000", "\t\r\n"])
def test_a_blank_field_is_missing(read: Callable[[str], object], text: str) -> None:
    assert issue_of(read, text) is ValueIssue.MISSING


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("text", ["8.01234E+10", "1.2e5", "4.6E+04", "1.2E+05", "8E+10", "-1.2E+05", "１．２Ｅ＋０５"])
def test_what_a_spreadsheet_mangled_is_refused(read: Callable[[str], object], text: str) -> None:
    assert issue_of(read, text) is ValueIssue.MANGLED_NUMBER


@pytest.mark.parametrize("read", READERS)
@given(
    text=st.text() | st.text("0123456789-−/.年月日元令和平成RHS,¥円()▲ 第期度\u3000０１２３４５６７８９①⑴²½E+\x00\n")
)
@example(text="1" * 10_000)
@example(text="2026" + " " * 10_000 + "0:00")
@example(text="\ud800")
def test_any_text_reads_or_is_refused(read: Callable[[str], object], text: str) -> None:
    with contextlib.suppress(BadValue):
        read(text)


CODES = [
    ("leading zeros", "0012345678", "0012345678"),
    ("letters", "ab12", "ab12"),
    ("hyphen inside", "13-118", "13-118"),
    ("full width", "００１２３", "00123"),
    ("full-width letters", "Ａ－１", "A-1"),
    ("spaces around", " 00123\u3000", "00123"),
    ("line end", "00123\r\n", "00123"),
    ("kanji", "滞納", "滞納"),
    ("half-width kana", "ﾃｽﾄ", "テスト"),
    ("negative number", "-1", "-1"),
    ("E without a sign or a point", "1E5", "1E5"),
    ("longest", "0" * 64, "0" * 64),
]


@pytest.mark.parametrize(("text", "code"), [row[1:] for row in CODES], ids=[row[0] for row in CODES])
def test_reads_a_code(text: str, code: str) -> None:
    assert read_code(text) == code


NOT_CODES = [
    ("formula", "=1+1"),
    ("Excel's text formula", '="00123"'),
    ("full-width formula", "＝1"),
    ("plus", "+81"),
    ("at", "@SUM(1)"),
    ("full-width at", "＠SUM"),
    ("minus and a letter", "-cmd"),
    ("minus alone", "-"),
    ("formula after a space", " =1"),
    ("NUL", "00\x00123"),
    ("NUL at the end", "00123\x00"),
    ("line break inside", "00\n123"),
    ("tab inside", "00\t123"),
    ("line separator", "00\u2028123"),
    ("byte order mark", "\ufeff00123"),
    ("zero-width space", "00\u200b123"),
    ("a gaiji of the private use area", "00\ue000"),
    ("lone surrogate", "00\ud800"),
    ("too long", "0" * 65),
    ("too long, full width", "０" * 65),
]


@pytest.mark.parametrize("text", [row[1] for row in NOT_CODES], ids=[row[0] for row in NOT_CODES])
def test_refuses_what_is_not_a_code(text: str) -> None:
    assert issue_of(read_code, text) is ValueIssue.NOT_A_CODE


SAME_DATE = [
    "2026-09-30",
    "2026-9-30",
    "2026/9/30",
    "2026/09/30",
    "2026.9.30",
    "2026.09.30",
    "2026年9月30日",
    "2026年09月30日",
    "20260930",
    "R8.9.30",
    "R08.09.30",
    "r8/09/30",
    "R8-09-30",
    "R080930",
    "r080930",
    "令和8年9月30日",
    "令和08年09月30日",
    "令8.9.30",
    "令和8.9.30",
    "㋿8年9月30日",
    "㋿8.9.30",
    "5080930",
    "２０２６－０９－３０",
    "２０２６年９月３０日",
    "2026−09−30",
    "Ｒ８．９．３０",
    "令和８年９月３０日",
    "５０８０９３０",
    " 2026-09-30 ",
    "\u300020260930\u3000",
    "20260930\r\n",
    "R 8. 9.30",
    "令和 8年 9月30日",
    "令和\u30008年\u30009月30日",
    "2026年 9月30日",
    "2026/ 9/30",
    "2026-09-30 00:00:00",
    "2026/09/30 0:00",
    "2026/9/30 0:00:00",
    "2026-09-30T00:00:00",
    "2026-09-30 00:00:00.000",
    "20260930 00:00",
]


@pytest.mark.parametrize("text", SAME_DATE)
def test_reads_every_form_of_a_date(text: str) -> None:
    assert read_date(text) == date(2026, 9, 30)


ERA_BOUNDS = [
    ("M1.1.25", date(1868, 1, 25)),
    ("㍾45年7月29日", date(1912, 7, 29)),
    ("1450729", date(1912, 7, 29)),
    ("㍽元年7月30日", date(1912, 7, 30)),
    ("T15.12.24", date(1926, 12, 24)),
    ("2151224", date(1926, 12, 24)),
    ("㍼1年12月25日", date(1926, 12, 25)),
    ("S64.1.7", date(1989, 1, 7)),
    ("3640107", date(1989, 1, 7)),
    ("㍻元年1月8日", date(1989, 1, 8)),
    ("平成31年4月30日", date(2019, 4, 30)),
    ("4310430", date(2019, 4, 30)),
    ("令和元年5月1日", date(2019, 5, 1)),
    ("R元.5.1", date(2019, 5, 1)),
    ("5010501", date(2019, 5, 1)),
    ("R6.2.29", date(2024, 2, 29)),
    ("1868-01-01", date(1868, 1, 1)),
    ("2199-12-31", date(2199, 12, 31)),
]


@pytest.mark.parametrize(("text", "day"), ERA_BOUNDS)
def test_reads_the_first_and_last_days(text: str, day: date) -> None:
    assert read_date(text) == day


IMPOSSIBLE = [
    "2026-02-30", "20260230", "2026-13-01", "2026-00-10", "20261301", "0000-00-00", "00000000", "99999999",
    "9999-12-31", "1867-12-31", "2200-01-01", "令和8年2月30日", "平成31年5月1日", "H31.5.1", "4310501", "R1.4.30",
    "5010430", "S64.1.8", "S1.12.24", "T15.12.25", "T1.7.29", "M45.7.30", "M1.1.24", "H1.1.7", "R0.5.1",
    "R000501", "5000501", "令和8年13月1日", "R7.2.29", "S99.1.1",
]  # fmt: skip


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_refuses_a_day_that_never_was(text: str) -> None:
    assert issue_of(read_date, text) is ValueIssue.IMPOSSIBLE_DATE


NOT_DATES = [
    "46295", "46295.0", "080930", "26/9/30", "9/30/2026", "8.9.30", "令和8年", "2026-09", "2026-09/30",
    "2026年9/30", "2026年9月30", "2026-09-30 10:15:00", "R8.9.30 0:00", "2026-09-30 00:00:00+09:00", "2026-W01-1",
    "2011 1 11", "2026 09 30", "6080930", "K8.9.30", "令成8年9月30日", "未定", "なし", "2026-0９-３①",
    "２０２６年９月⑴日", "٢٠٢٦-٠٩-٣٠", "2026-\n09-30", "2026-09-30x", "12026-09-30", "-20260930", "00:00",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_DATES)
def test_does_not_guess_a_date(text: str) -> None:
    assert issue_of(read_date, text) is ValueIssue.NOT_A_DATE


AMOUNTS = [
    ("0", 0), ("12000", 12000), ("12,000", 12000), ("1,234,567", 1234567), ("１２，０００", 12000),
    ("¥12,000", 12000), ("￥12,000", 12000), ("\\12,000", 12000), ("12,000円", 12000), ("¥ 12,000 円", 12000),
    (" 12000 ", 12000), ("00012000", 12000), ("0000000000012000", 12000), ("+1,000", 1000), ("1000.0", 1000),
    ("1,000.00", 1000), ("1000.00円", 1000), ("-1,000", -1000), ("−1,000", -1000), ("－１，０００", -1000),
    ("▲1,000", -1000), ("△1,000", -1000), ("ー1,000", -1000), ("ｰ1,000", -1000), ("▲ 1,000", -1000),
    ("▲¥1,000", -1000), ("¥-1,000", -1000), ("¥▲1,000円", -1000), ("1,000-", -1000), ("1000 -", -1000),
    ("１，０００－", -1000), ("1000.00-", -1000), ("(1,000)", -1000), ("（１，０００）", -1000),
    ("(¥1,000)", -1000), ("¥(1,000)", -1000), ("-0", 0), ("2,147,483,647", MAX_AMOUNT_YEN),
    ("-2147483647", -MAX_AMOUNT_YEN),
]  # fmt: skip


@pytest.mark.parametrize(("text", "yen"), AMOUNTS)
def test_reads_an_amount(text: str, yen: int) -> None:
    assert read_amount(text) == yen


NOT_AMOUNTS = [
    "1,23", "12,00", "1234,567", ",123", "1,,234", "1,234,", "1000.5", "1000.05", "1000.", ".0", "1 000", "--1",
    "-(1,000)", "(-1,000)", "-1,000-", "(1,000", "1,000)", "¥", "円", "-", "千円", "1千円", "1万", "$100", "10³",
    "①", "⑴", "½", "1/2", "0x10", "1_000", "٣", "一", "NaN", "未納", "¥1,000-", "1,000円-", "1,000ー", "12\n000",
    "=1", "12000\x00",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_AMOUNTS)
def test_refuses_what_is_not_an_amount(text: str) -> None:
    assert issue_of(read_amount, text) is ValueIssue.NOT_AN_AMOUNT


@pytest.mark.parametrize("text", ["2147483648", "-2147483648", "2,147,483,648", "(2147483648)", "9999999999", "9" * 60])
def test_refuses_an_amount_out_of_range(text: str) -> None:
    assert issue_of(read_amount, text) is ValueIssue.OUT_OF_RANGE


NUMBERS = [
    ("0", 0), ("4", 4), ("04", 4), ("４", 4), (" 4 ", 4), ("第4期", 4), ("第４期", 4), ("4期", 4), ("第 4 期", 4),
    ("4回", 4), ("4号", 4), ("第10回", 10), ("2026年度", 2026), ("2026年", 2026), ("32767", 32767),
    ("00000004", 4),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_reads_a_number(text: str, number: int) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["-1", "+1", "4.5", "1,000", "四", "④", "第期", "期", "4 5", "4期5", "4月", "٤"])
def test_refuses_what_is_not_a_number(text: str) -> None:
    assert issue_of(read_number, text) is ValueIssue.NOT_A_NUMBER


@pytest.mark.parametrize("text", ["32768", "99999", "9" * 60])
def test_refuses_a_number_out_of_range(text: str) -> None:
    assert issue_of(read_number, text) is ValueIssue.OUT_OF_RANGE


YEARS = [
    ("2026", 2026), ("２０２６", 2026), ("2026年度", 2026), ("2026年", 2026), ("令和8年度", 2026),
    ("令和８年度", 2026), ("令和 8 年度", 2026), ("令和8年", 2026), ("令和8", 2026), ("㋿8年度", 2026),
    ("R8", 2026), ("r08", 2026), ("508", 2026), ("５０８", 2026), (" 2026 ", 2026), ("令和元年度", 2019),
    ("R元", 2019), ("501", 2019), ("平成31年度", 2019), ("H31", 2019), ("431", 2019), ("平成元年度", 1989),
    ("昭和63年度", 1988), ("S63", 1988), ("363", 1988), ("T15", 1926), ("215", 1926), ("M45", 1912),
    ("145", 1912), ("1868", 1868), ("2199", 2199),
]  # fmt: skip


@pytest.mark.parametrize(("text", "year"), YEARS)
def test_reads_a_year(text: str, year: int) -> None:
    assert read_year(text) == year


@pytest.mark.parametrize(
    "text", ["8", "08", "26", "608", "8年度", "元年度", "20260401", "K8", "令和", "2026.0", "20 26"]
)
def test_does_not_guess_a_year(text: str) -> None:
    assert issue_of(read_year, text) is ValueIssue.NOT_A_YEAR


@pytest.mark.parametrize("text", ["1867", "2200", "9999", "0000", "R0", "令和0年度", "500"])
def test_refuses_a_year_out_of_range(text: str) -> None:
    assert issue_of(read_year, text) is ValueIssue.OUT_OF_RANGE


def era_of(day: date) -> tuple[str, str, str, int]:
    """Digit, letter and name of the era of a day, and the day's year in it."""
    for digit, letter, name, first in [
        ("5", "R", "令和", date(2019, 5, 1)),
        ("4", "H", "平成", date(1989, 1, 8)),
        ("3", "S", "昭和", date(1926, 12, 25)),
        ("2", "T", "大正", date(1912, 7, 30)),
    ]:
        if day >= first:
            return digit, letter, name, day.year - first.year + 1
    return "1", "M", "明治", day.year - 1867


def forms_of(day: date) -> list[str]:
    y, m, d = day.year, day.month, day.day
    digit, letter, name, n = era_of(day)
    first = "元" if n == 1 else str(n)
    forms = [
        day.isoformat(), f"{y}/{m}/{d}", f"{y}.{m}.{d}", f"{y}年{m}月{d}日", f"{day:%Y%m%d}", f"{y}/{m}/{d} 0:00",
        f"{day} 00:00:00", f"{letter}{n}.{m}.{d}", f"{letter.lower()}{n}/{m:02}/{d:02}",
        f"{letter}{n:02}{m:02}{d:02}", f"{name}{n}年{m}月{d}日", f"{name}{first}年{m}月{d}日",
        f"{letter}{first}.{m}.{d}", f"{letter}{n:2}.{m:2}.{d:2}", f"{digit}{n:02}{m:02}{d:02}",
    ]  # fmt: skip
    return forms + [form.translate(FULL_WIDTH) for form in forms]


@given(st.dates(date(1868, 10, 23), date(2100, 12, 31)))
@example(date(1926, 12, 25))
@example(date(2019, 5, 1))
def test_every_date_reads_back_from_every_form(day: date) -> None:
    assert {form: read_date(form) for form in forms_of(day)} == dict.fromkeys(forms_of(day), day)


@given(st.integers(0, MAX_AMOUNT_YEN))
def test_every_amount_reads_back_from_every_form(yen: int) -> None:
    bare = [f"{yen}", f"{yen:,}", f"{yen}.00"]
    positive = [*bare, *(f"¥{b}" for b in bare), *(f"\\{b}" for b in bare), *(f"{b}円" for b in bare), f"+{yen:,}"]
    negative = [f"{sign}{b}" for sign in "-−▲△ー" for b in bare] + [f"({b})" for b in bare] + [f"{b}-" for b in bare]
    for form in positive:
        assert read_amount(form) == read_amount(form.translate(FULL_WIDTH.copy() | {ord("\\"): "\\"})) == yen
    for form in negative:
        assert read_amount(form) == read_amount(form.translate(FULL_WIDTH)) == -yen


@given(st.integers(0, 32_767))
def test_every_number_reads_back(number: int) -> None:
    for form in (f"{number}", f"第{number}期", f"{number}回".translate(FULL_WIDTH)):
        assert read_number(form) == number


@given(st.integers(2019, 2117))
def test_every_reiwa_year_reads_back(year: int) -> None:
    n = year - 2018
    for form in (f"{year}", f"{year}年度", f"令和{n}年度", f"R{n}", f"5{n:02}", f"令和{n}年度".translate(FULL_WIDTH)):
        assert read_year(form) == year


@given(st.from_regex(r"[0-9A-Za-z]{1,64}", fullmatch=True))
def test_every_plain_code_reads_as_itself(code: str) -> None:
    assert read_code(code) == read_code(f" {code}\r\n") == read_code(code.translate(FULL_WIDTH)) == code
