"""What is taken out of a log and what stays."""

import re
import sys
import unicodedata
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oshirase.domain.phone import _is_separator, read_phone
from oshirase.domain.redaction import REDACTED, SEPARATORS, Redactor

REDACTOR = Redactor()
FULL_WIDTH = str.maketrans("0123456789+()-", "０１２３４５６７８９＋（）－")
# A mobile number's three groups after the first 0, as people and programs write them.
WRITTEN = (
    "0{0}{1}{2}", "0{0}-{1}-{2}", "0{0} {1} {2}", "0{0}.{1}.{2}", "(0{0}){1}-{2}", "0{0}({1}){2}",
    "0{0}‐{1}‐{2}", "0{0}−{1}−{2}", "0{0}ー{1}ー{2}", "0{0}–{1}—{2}", "0{0}・{1}・{2}", "0{0}\u3000{1}\u3000{2}",
    "0{0}\u200b{1}\u200b{2}", "+81{0}{1}{2}", "+81 {0} {1} {2}", "+81-{0}-{1}-{2}", "+81(0){0}-{1}-{2}",
    "%2B81{0}{1}{2}", "\\u002b81{0}{1}{2}", "81{0}{1}{2}", "81-{0}-{1}-{2}", "010-81-{0}-{1}-{2}",
    "01081{0}{1}{2}", "0081{0}{1}{2}", "{0}{1}{2}", "{0}-{1}-{2}",
)  # fmt: skip
OTHER_NUMBERS = ("03-0000-1234", "0300001234", "(03)0000-1234", "0120-123-456", "0120123456", "050-1234-5678",
                 "0570-000-123", "+1 202-555-0123", "+442079460123", "010-1-202-555-0123", "0980-12-3456")  # fmt: skip
mobiles = st.tuples(st.sampled_from(("60", "70", "80", "90")), *[st.from_regex(r"\A[0-9]{4}\Z")] * 2)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Nd",)), max_size=40)


@given(texts, mobiles, st.sampled_from(WRITTEN), st.booleans(), texts)
def test_a_number_in_any_form_in_any_text_is_gone(
    before: str, groups: tuple[str, str, str], form: str, is_wide: bool, after: str
) -> None:
    number = form.format(*groups)
    number = number.translate(FULL_WIDTH) if is_wide and number[0] not in "%\\" else number
    assume(not re.search(r"[.]\Z", before) and not after.startswith("."))  # 1.09012345678 is a fraction
    redacted = REDACTOR.redact(f"{before}{number}{after}")
    assert REDACTED in redacted
    assert not re.search(r"\d{4}", redacted.replace("\\u002b", ""))
    assert groups[1] not in redacted or groups[1] in before + after


@pytest.mark.parametrize("number", OTHER_NUMBERS)
@pytest.mark.parametrize(
    "text", ["{}", "tel:{}", "('{}',)", '{{"to":"{}"}}', "/phones/8/{}?x=1", "電話番号は{}です", "a,{},b"]
)
def test_other_numbers_too(number: str, text: str) -> None:
    redacted = REDACTOR.redact(text.format(number))
    assert REDACTED in redacted
    assert number.strip("(")[-4:] not in redacted


@pytest.mark.parametrize("form", WRITTEN)
def test_the_forms_are_those_that_the_records_are_read_in(form: str) -> None:
    """Two are a program's alone: an address and a JSON text."""
    written = form.format("90", "1234", "5678").replace("%2B", "+").replace("\\u002b", "+").replace("0081", "01081")
    assert read_phone(written).e164 == "+819012345678"


def test_every_character_that_phone_numbers_may_have_between_is_known() -> None:
    known = re.compile(f"[{SEPARATORS}]")
    missing = [
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if (character := chr(code)) and unicodedata.category(character) not in {"Cc", "Cs", "Mn", "Lo", "Cn"}
        if (folded := unicodedata.normalize("NFKC", character)) and all(map(_is_separator, folded))
        if not known.match(character)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("resident 0012345678 is due", "resident [redacted] is due"),
        ("levy N2026260400012345678", "levy N[redacted]"),
        ("nhi/2026/4/0012345678", "nhi/2026/4/[redacted]"),
        ("subject nhi/2026/4/A-17, late", "subject nhi/2026/4/[redacted], late"),
        ("late_elderly/2026/3/77", "late_elderly/2026/3/[redacted]"),
        ("plan/B0012345678/3", "plan/[redacted]/3"),
        ("plan/K-9/12)", "plan/[redacted]/12)"),
        ("check_up/2026/1/0087654321", "check_up/2026/1/[redacted]"),
        ("Key (resident_id)=(17) already exists.", "Key (resident_id)=([redacted]) already exists."),
        ("{'resident_id': '17', 'household_id': 'H2'}", "{'resident_id': '[redacted]', 'household_id': '[redacted]'}"),
        ("phone_raw=0312", "phone_raw=[redacted]"),
        ("09011112222,09033334444", "[redacted],[redacted]"),
        ("20261002-0312345678", "20261002-[redacted]"),
    ],
)
def test_ids_and_subjects(text: str, redacted: str) -> None:
    assert REDACTOR.redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "0190a1b2-0123-7456-8901-123456789012",
        "notice 01234567-0123-7456-8901-012345678901 accepted",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "trace 00f067aa0ba902b7, 4bf92f3577b34da6a3ce929d0e0e4736",
        "manual__2026-10-02T01:00:00.123456+00:00",
        "dag_id=nhi_overdue/run_id=scheduled__2026-10-02T01:00:00+00:00/task_id=send/map_index=12/attempt=1.log",
        "[2026-10-02 10:00:00,123] {app.py:1234} INFO - 12345",
        "2026-10-02 2026-10-05 2026-10-07",
        "20261002T100000Z 20261002_100000 20261002100000 levies_20261002.csv",
        "took 0.30000000000000004 s, at 1764500000.123456",
        "1073741824 bytes, 1234567890 ns, 12345678901µs",
        "at 0x7f1234567890",
        "12,345 of 1,234,567; 12 34 56 78; 1 2 3 4 5 6 7 8",
        "127.0.0.1:8080 -> 10.0.0.12:54321, pid 1234567",
        "where n.resident_id = r.resident_id and p.phone_e164 is not null",
        "select %(resident_id)s, :household_id",
        "nhi_overdue 令和8年度 第4期 12,345件 67字",
        "check_up/2026/1 plan/3",
        "",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert REDACTOR.redact(text) == text


def test_a_city_whose_ids_are_short_says_their_form() -> None:
    text = "resident A-123456 of 2026-10-02"
    assert REDACTOR.redact(text) == text
    assert Redactor(r"A-\d{6}").redact(text) == "resident [redacted] of 2026-10-02"
    with pytest.raises(re.error):
        Redactor("(")


MOMENT, NOTICE = datetime(2026, 10, 2, 1, tzinfo=UTC), UUID(int=9012345678)


class Person:
    def __str__(self) -> str:
        return "Person(phone_e164='+819012345678')"


def test_values_of_structured_logs() -> None:
    value = {
        "event": "sent", "n": 12, "flag": True, "none": None, "share": 0.25, "phone": 9012345678, 9012345678: "key",
        "nested": [{"to": ("09012345678", 3)}, {"0012345678"}], "object": Person(), "at": MOMENT, "id": NOTICE,
    }  # fmt: skip
    assert REDACTOR.redact_value(value) == {
        "event": "sent", "n": 12, "flag": True, "none": None, "share": 0.25, "phone": REDACTED, REDACTED: "key",
        "nested": [{"to": [REDACTED, 3]}, [REDACTED]], "object": f"Person(phone_e164='{REDACTED}')",
        "at": MOMENT, "id": NOTICE,
    }  # fmt: skip
