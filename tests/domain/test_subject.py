"""Subjects in words: nothing of them names a person, a plan or a household."""

import pytest

from oshirase.domain.subject import fiscal_year_in_words, subject_in_words

ENGLISH = {"国民健康保険料 {year} 第{number}期": "NHI {year}, {number}", "令和{number}年度": "fiscal {western}"}


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("nhi/2026/3/0000000012", "国民健康保険料 令和8年度 第3期"),
        ("late_elderly/2018/10/0000000012", "後期高齢者医療保険料 平成30年度 第10期"),
        ("plan/B0000000012/4", "分割納付 第4回"),
        ("plan/B/00/12/4", "分割納付 第4回"),
        ("check_up/2026/1/H0000000012", "特定健診 令和8年度 第1次の受診案内"),
        ("public_notice/influenza/2026/0000000012", "予防接種のお知らせ"),
        ("nhi/0000000012", "予防接種のお知らせ"),
        ("0000000012", "予防接種のお知らせ"),
    ],
)
def test_a_subject_in_words(subject: str, words: str) -> None:
    assert subject_in_words(subject, "予防接種のお知らせ") == words


@pytest.mark.parametrize(
    ("year", "words"), [(2018, "平成30年度"), (2019, "令和元年度"), (2020, "令和2年度"), (2026, "令和8年度")]
)
def test_a_fiscal_year_by_its_era(year: int, words: str) -> None:
    assert fiscal_year_in_words(year) == words


def test_in_another_language() -> None:
    assert subject_in_words("nhi/2026/3/1", "", lambda words: ENGLISH[words]) == "NHI fiscal 2026, 3"
