"""Sentences with values, in more than one language."""

from datetime import UTC, date, datetime

import pytest

from oshirase.domain.saying import Value, in_japanese, say


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2026, 10, 1, 15, 30, tzinfo=UTC), "10月2日（金）00:30"),
        (date(2026, 10, 2), "10月2日"),
        (12_345, "12,345"),
        ("100%", "100%"),
    ],
)
def test_values_are_written_as_staff_write_them(value: Value, written: str) -> None:
    assert str(say("値は%(value)s。", value=value)) == f"値は{written}。"


def test_another_language_has_words_and_values_of_its_own() -> None:
    told = say("%(count)s件を%(at)sに。", count=2, at=date(2026, 10, 2))
    words = {"%(count)s件を%(at)sに。": "on %(at)s, %(count)s"}
    assert told.told(words.__getitem__, str) == "on 2026-10-02, 2"


def test_several_are_one_text() -> None:
    assert in_japanese([say("一。"), say("%(n)s。", n=2)]) == "一。2。"
    assert in_japanese([]) == ""
