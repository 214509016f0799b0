"""Texts: what a campaign's variants become, what the cohort may put into them, and that no faulty one gets through."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oshirase.adapters.settings import load_campaign, load_city
from oshirase.adapters.sql import declared
from oshirase.domain.text import utf16_units
from oshirase.services.texts import Composer

CITY = load_city()
CAMPAIGN = load_campaign("nhi_overdue")
KINDS = {"instalment": "number", "due_on": "date"}
FIELDS = {"instalment": 4, "due_on": "2026-09-30"}
NECESSARY = "{{ city }} {{ section_phone }} {{ representative_phone }} 行き違い"


def composer(*bodies: str, **kinds: str) -> Composer:
    """A campaign with variants a, b, …"""
    plain = CAMPAIGN.variants[0]
    variants = tuple(plain.model_copy(update={"name": "ab"[n], "body": body}) for n, body in enumerate(bodies))
    return Composer(CAMPAIGN.model_copy(update={"variants": variants}), CITY, kinds or KINDS)


def test_the_shipped_relief_text_as_it_arrives() -> None:
    found = Composer(CAMPAIGN, CITY, declared(CAMPAIGN.cohort.statement, "fields")).compose("relief", FIELDS, 12)
    assert found.body == (
        "阿良澄区です。国保料第4期分の納付確認のお知らせです。納期限9月30日を過ぎ納付が確認できておりません。行き違いの場合はご容赦ください。"
        "納付が難しい方は減免等の制度をご案内します。保険年金課 保険料係 03-0000-1234（代表 03-0000-1000）"
    )
    assert (found.parts, found.recipients, found.findings) == (2, 12, ())


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", 12_000),  # an amount
        ("number", -1),
        ("number", "4"),
        ("number", "090-1234-5678"),
        ("date", "2026-13-01"),
        ("date", "山田太郎"),
        ("date", None),
        ("text", "山田太郎"),  # no such kind
    ],
)
def test_only_dates_and_small_numbers_get_into_a_text(kind: str, value: Any) -> None:
    found = composer(NECESSARY + "{{ it }}", it=kind).compose("a", {"it": value}, 1)
    assert found.body == ""
    assert [finding.rule for finding in found.findings] == ["template"]
    assert str(value) not in str(found.findings[0]) or value is None or kind == "date"


def test_a_cohort_that_does_not_give_what_it_declares_is_told() -> None:
    (finding,) = composer(NECESSARY).compose("a", {"instalment": 4}, 1).findings
    assert "the cohort has the fields instalment, and declares instalment, due_on" in str(finding)


def test_a_field_that_the_cohort_does_not_declare_is_found_also_where_nobody_would_see_it() -> None:
    hidden = composer(NECESSARY + "{% if instalment > 5 %}{{ amount_yen }}{% endif %}")
    drawn = [hidden.compose("a", FIELDS, 1)]
    assert [str(finding) for finding in hidden.findings(drawn)] == [
        "文面「a」: 差し込めない項目「amount_yen」があります（この対象者の項目: instalment、due_on）。"
    ]


def test_a_variant_that_nobody_is_drawn_for_is_checked_all_the_same() -> None:
    both = composer(NECESSARY, NECESSARY + "督促")
    drawn = [both.compose("a", FIELDS, 3)]
    assert [str(finding) for finding in both.findings(drawn)] == ["文面「b」: 使えない語「督促」があります。"]


MUST_NOT = [
    "督促",
    "最終通告",
    "差 押",
    "http://例え.jp",
    "pay.example.com",
    "ｅｘａｍｐｌｅ．ｃｏｍ",
    "5,000円",
    "５０００円",
]
MAY_OR_NOT = ["あ" * 60, "😀", "髙", "\n", "ご案内です。", "{{ instalment }}", "{{ due_on }}", "{{ city }}"]
PIECES = st.sampled_from([*MUST_NOT, *MAY_OR_NOT, "{{ nobody }}", "{% if %}"])


@given(st.lists(PIECES, max_size=6), st.lists(PIECES, max_size=6), st.booleans())
def test_no_input_makes_a_text_that_its_own_checks_would_reject_get_through(
    before: list[str], after: list[str], complete: bool
) -> None:
    """Held against the rules as a stranger would write them down, not against our own code."""
    found = composer("".join([*before, NECESSARY if complete else "", *after])).compose("a", FIELDS, 1)
    if found.findings:
        return
    body, units = found.body, utf16_units(found.body)
    assert complete or all(piece in body for piece in (CITY.name, "03-0000-1234", "03-0000-1000", "行き違い"))
    assert not any(word in body.replace(" ", "") for word in ("督促", "最終通告", "差押", "円"))
    assert not any(mark in body for mark in ("://", ".com", "．ｃｏｍ", "{", "}", "nobody"))
    assert found.parts == (1 if units <= 70 else -(-units // 67)) <= 2
    assert found.parts == 2 or body.encode("shift_jis")
