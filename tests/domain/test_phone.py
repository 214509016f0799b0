"""Telephone numbers as residents, clerks and spreadsheets write them."""

from itertools import product

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oshirase.domain.phone import (
    PhoneColumns,
    PhoneIssue,
    PhoneNumber,
    PhoneType,
    in_domestic_form,
    read_phone,
    read_phones,
)

SAME_MOBILE = [
    ("hyphens", "090-1234-5678"),
    ("no separator", "09012345678"),
    ("spaces", " 090 1234 5678 "),
    ("ideographic spaces", "090\u30001234\u30005678"),
    ("full-width digits and hyphens", "０９０－１２３４－５６７８"),
    ("full-width digits, minus sign", "０９０−１２３４−５６７８"),
    ("long vowel mark", "090ー1234ー5678"),
    ("half-width long vowel mark", "090ｰ1234ｰ5678"),
    ("horizontal bar", "090―1234―5678"),
    ("hyphen U+2010", "090‐1234‐5678"),
    ("non-breaking hyphen", "090\u20111234\u20115678"),
    ("en dash", "090–1234–5678"),
    ("dots", "090.1234.5678"),
    ("full-width dots", "090．1234．5678"),
    ("brackets", "(090)1234-5678"),
    ("full-width brackets", "（０９０）１２３４－５６７８"),
    ("country", "+81 90-1234-5678"),
    ("country, no plus", "81-90-1234-5678"),
    ("international prefix", "010-81-90-1234-5678"),
    ("country and (0)", "+81 (0)90-1234-5678"),
    ("country without plus and (0)", "81(0)90-1234-5678"),
    ("full-width plus", "＋８１９０１２３４５６７８"),
    ("spreadsheet took the 0", "9012345678"),
    ("spreadsheet took the 0, hyphens", "90-1234-5678"),
    ("invisible marks of pasted text", "\u202a090-1234-5678\u202c\ufeff"),
    ("tab and line end", "\t090-1234-5678\r\n"),
]


@pytest.mark.parametrize("raw", [raw for _, raw in SAME_MOBILE], ids=[label for label, _ in SAME_MOBILE])
def test_reads_every_way_of_writing_a_mobile_number(raw: str) -> None:
    assert read_phone(raw) == PhoneNumber(raw, "+819012345678", PhoneType.MOBILE, None)


@pytest.mark.parametrize("prefix", ["060", "070", "080", "090"])
def test_takes_every_mobile_prefix(prefix: str) -> None:
    assert read_phone(f"{prefix}-1234-5678").e164 == f"+81{prefix[1:]}12345678"


UNUSABLE = [
    ("nothing", "", PhoneIssue.MISSING),
    ("spaces", " \u3000", PhoneIssue.MISSING),
    ("a dash", "ー", PhoneIssue.MISSING),
    ("note instead of a number", "なし", PhoneIssue.MALFORMED),
    ("placeholder 090-0000-0000", "090-0000-0000", PhoneIssue.MALFORMED),
    ("no subscriber starts with 0", "070-0123-4567", PhoneIssue.MALFORMED),
    ("foreign international prefix", "0081-90-1234-5678", PhoneIssue.MALFORMED),
    ("too short", "090 1234 567", PhoneIssue.MALFORMED),
    ("too long", "090-1234-56789", PhoneIssue.MALFORMED),
    ("Osaka form that phonenumbers takes for a UAN", "06-0123-4567", PhoneIssue.MALFORMED),
    ("the same without its 0", "601234567", PhoneIssue.MALFORMED),
    ("the same with the country", "+81 6-0123-4567", PhoneIssue.MALFORMED),
    ("letter O for zero", "O90-1234-5678", PhoneIssue.MALFORMED),
    ("full-width letter O", "０９Ｏ－１２３４－５６７８", PhoneIssue.MALFORMED),
    ("two numbers", "090-1234-5678/080-1234-5678", PhoneIssue.MALFORMED),
    ("number and note", "090-1234-5678 妻", PhoneIssue.MALFORMED),
    ("two zeros after the country", "+81 0090-1234-5678", PhoneIssue.MALFORMED),
    ("plus in the middle", "090+1234-5678", PhoneIssue.MALFORMED),
    ("Arabic-Indic digits", "٠٩٠١٢٣٤٥٦٧٨", PhoneIssue.MALFORMED),
    ("no such country", "+999 1234 5678", PhoneIssue.MALFORMED),
    ("Tokyo", "03-1234-5678", PhoneIssue.LANDLINE),
    ("Osaka", "06-6208-8181", PhoneIssue.LANDLINE),
    ("five-digit area", "04992-2-1111", PhoneIssue.LANDLINE),
    ("Tokyo without its 0", "312345678", PhoneIssue.LANDLINE),
    ("Tokyo with the country", "+81-3-1234-5678", PhoneIssue.LANDLINE),
    ("050", "050-1234-5678", PhoneIssue.VOIP),
    ("020", "020-1234-5678", PhoneIssue.PAGER_OR_M2M),
    ("0204", "0204-123-4567", PhoneIssue.PAGER_OR_M2M),
    ("0120", "0120-123-456", PhoneIssue.TOLL_FREE),
    ("0800", "0800-123-4567", PhoneIssue.TOLL_FREE),
    ("0990", "0990-123-456", PhoneIssue.PREMIUM_RATE),
    ("0570", "0570-123-456", PhoneIssue.UAN),
    ("police", "110", PhoneIssue.EMERGENCY_OR_SHORT),
    ("fire and ambulance", "１１９", PhoneIssue.EMERGENCY_OR_SHORT),
    ("children's doctor line", "#8000", PhoneIssue.EMERGENCY_OR_SHORT),
    ("Korea", "+82 10-1234-5678", PhoneIssue.FOREIGN),
    ("United States from a Japanese telephone", "010-1-650-253-0000", PhoneIssue.FOREIGN),
]


@pytest.mark.parametrize(
    ("raw", "issue"), [(raw, issue) for _, raw, issue in UNUSABLE], ids=[label for label, _, _ in UNUSABLE]
)
def test_says_why_a_number_gets_no_sms(raw: str, issue: PhoneIssue) -> None:
    phone = read_phone(raw)
    assert (phone.e164, phone.issue, phone.is_usable) == (None, issue, False)


def test_takes_none_for_a_missing_number() -> None:
    assert read_phone(None) == PhoneNumber("", None, PhoneType.UNKNOWN, PhoneIssue.MISSING)


def test_keeps_the_digits_out_of_repr() -> None:
    assert "1234" not in repr(read_phone("090-1234-5678"))


def test_every_issue_has_an_example() -> None:
    assert {issue for _, _, issue in UNUSABLE} == set(PhoneIssue)


@given(st.text(max_size=30))
def test_any_text_gives_either_a_number_or_an_issue(raw: str) -> None:
    phone = read_phone(raw)
    assert (phone.e164 is None) == (phone.issue is not None)


@given(st.from_regex(r"0[0-9]{9,10}", fullmatch=True))
def test_a_usable_number_is_a_valid_mobile_number_of_eleven_digits(raw: str) -> None:
    phone = read_phone(raw)
    if phone.e164 is not None:
        number = phonenumbers.parse(phone.e164)
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
        assert len(phone.e164) == len("+819012345678")


def one_by_one(raws: list[str]) -> PhoneColumns:
    columns = PhoneColumns()
    for raw in raws:
        columns.append(read_phone(raw))
    return columns


def test_reads_many_numbers_into_columns_of_plain_strings() -> None:
    columns = read_phones(iter(["09012345678", "03-1234-5678", None, "080-1234-5678"]))
    assert columns.raw == ["09012345678", "03-1234-5678", "", "080-1234-5678"]
    assert columns.e164 == ["+819012345678", None, None, "+818012345678"]
    assert columns.type == ["mobile", "landline", "unknown", "mobile"]
    assert columns.issue == [None, "landline", "missing", None]
    assert {type(value) for value in columns.type} == {str}
    assert "1234" not in repr(columns)


def test_reads_the_examples_in_bulk_as_it_reads_them_one_by_one() -> None:
    raws = [raw for _, raw in SAME_MOBILE] + [raw for _, raw, _ in UNUSABLE]
    assert read_phones(raws) == one_by_one(raws)


# phonenumbers reads too slowly for all 100,000 five-digit prefixes with every tail. The first test takes each 4-digit
# prefix after the 0 with a few tails; the second each 5-digit one that can be mobile, which is where the bulk reading
# decides for itself.
@pytest.mark.parametrize("tail", ["000000", "123456", "999999", "00000", "12345", "99999"])
def test_bulk_reading_agrees_with_the_library_for_every_prefix(tail: str) -> None:
    raws = [f"0{prefix:04}{tail}" for prefix in range(10_000)]
    assert read_phones(raws) == one_by_one(raws)


@pytest.mark.parametrize("tail", ["00000", "12345", "99999"])
def test_bulk_reading_agrees_with_the_library_for_every_mobile_prefix(tail: str) -> None:
    digits = "0123456789"
    raws = [f"0{a}0{c}{d}{e}{tail}" for a, c, d, e in product("56789", digits, digits, digits)]
    assert read_phones(raws) == one_by_one(raws)


WRITTEN = st.tuples(
    st.from_regex(r"[0-9]{2,4}", fullmatch=True),
    st.sampled_from(["", "-", "ー", " ", "−", "\n"]),
    st.from_regex(r"[0-9]{3,4}", fullmatch=True),
    st.sampled_from(["", "-", "ー", " ", "−"]),
    st.from_regex(r"[0-9]{3,4}", fullmatch=True),
    st.sampled_from(["", " ", "\n", "-", "x"]),
).map("".join)
MOBILE_WRITTEN = st.from_regex(r"0[5-9]0-?[0-9]{4}-?[0-9]{4}\n?", fullmatch=True)
FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")


@given(st.lists(WRITTEN | MOBILE_WRITTEN | MOBILE_WRITTEN.map(lambda raw: raw.translate(FULL_WIDTH)) | st.text()))
def test_bulk_reading_agrees_for_every_written_form(raws: list[str]) -> None:
    assert read_phones(raws) == one_by_one(raws)


@pytest.mark.parametrize(
    ("e164", "hyphen", "dialled"),
    [("+819012345678", "-", "090-1234-5678"), ("+818011112222", "", "08011112222")],
)
def test_a_number_as_it_is_dialled_here(e164: str, hyphen: str, dialled: str) -> None:
    assert in_domestic_form(e164, hyphen) == dialled
    assert read_phone(dialled).e164 == e164
