"""Texts: parts as the carriers count them, and what cannot be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oshirase.domain.text import BadText, count_parts, find_unsendable, render, split_parts, utf16_units


@pytest.mark.parametrize(
    ("units", "parts"),
    [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4), (268, 4), (604, 10), (660, 10), (670, 10)],
)
def test_parts_by_length(units: int, parts: int) -> None:
    assert count_parts("あ" * units) == parts


def test_parts_of_every_length() -> None:
    """Up to 70 one part, beyond it one for every 67 begun."""
    expected = [1 if units <= 70 else -(-units // 67) for units in range(1, 661)]
    assert [count_parts("あ" * units) for units in range(1, 661)] == expected


@pytest.mark.parametrize(("text", "units"), [("𠮷", 2), ("😀", 2), ("辻\U000e0100", 3), ("\n", 1)])
def test_units_are_utf16_code_units(text: str, units: int) -> None:
    assert utf16_units(text) == units


def test_no_part_cuts_a_surrogate_pair() -> None:
    text = "あ" * 66 + "𠮷" + "あ" * 66
    assert (utf16_units(text), count_parts(text)) == (134, 3)


@given(st.text(max_size=700).filter(lambda text: text.isprintable()))
def test_the_parts_are_the_text_and_fit(text: str) -> None:
    parts = split_parts(text)
    assert "".join(parts) == text
    assert all(utf16_units(part) <= (70 if len(parts) == 1 else 67) for part in parts)


def test_a_template_gets_only_what_it_declares() -> None:
    assert render("\n{{ city }}です。\n", {"city": "阿良澄区"}) == "阿良澄区です。"


@pytest.mark.parametrize(
    "template", ["{{ name }}", "{{ city", "{{ ''.__class__.__mro__ }}", "{{ 1 / 0 }}", "{{ city + 1 }}"]
)
def test_a_template_that_cannot_be_rendered(template: str) -> None:
    with pytest.raises(BadText):
        render(template, {"city": "阿良澄区"})


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "空"), ("あ" * 661, "661文字"), ("髙橋①髙", "「髙 ①」"), ("𠮷", "𠮷")],
)
def test_what_cannot_be_sent(text: str, message: str) -> None:
    (problem,) = find_unsendable(text)
    assert message in problem


def test_longer_texts_go_out_as_unicode_and_may_have_any_character() -> None:
    assert find_unsendable("髙" * 71) == []
