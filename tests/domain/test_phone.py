"""Telephone numbers as residents, clerks and spreadsheets write them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oshirase.domain.phone import PhoneIssue, PhoneNumber, PhoneType, read_phone

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
