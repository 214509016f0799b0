"""What is unusual about a run: a table."""

from datetime import timedelta

import pytest

from oshirase.domain.unusual import find_old, find_unusual

USUAL = {"recipients": 80, "no_phone": 10, "in_consultation": 10}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (USUAL, []),
        ({"recipients": 120, "no_phone": 15, "in_consultation": 15}, []),
        ({"recipients": 121, "no_phone": 15, "in_consultation": 15}, ["かなり多く"]),
        ({"recipients": 40, "no_phone": 5, "in_consultation": 5}, []),
        ({"recipients": 39, "no_phone": 5, "in_consultation": 5}, ["かなり少なく"]),
        ({"recipients": 70, "no_phone": 20, "in_consultation": 10}, []),
        ({"recipients": 69, "no_phone": 21, "in_consultation": 10}, ["「電話番号なし」"]),
        ({"recipients": 60, "settled": 30, "no_phone": 10}, ["「納付済み」"]),
        ({"recipients": 60, "deferred": 30, "no_phone": 10}, ["「次回へ繰越」"]),
        ({}, ["かなり少なく"]),
    ],
)
def test_against_three_usual_runs(now: dict[str, int], words: list[str]) -> None:
    found = find_unusual(now, [USUAL, USUAL, USUAL])
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


@pytest.mark.parametrize("before", [[], [USUAL], [USUAL, USUAL], [{}, {}, {}]])
def test_with_too_little_to_compare_nothing_is_said(before: list[dict[str, int]]) -> None:
    assert find_unusual({"recipients": 1_000_000}, before) == []


def test_one_odd_run_before_does_not_make_the_usual_odd() -> None:
    assert find_unusual(USUAL, [USUAL, USUAL, {"recipients": 10_000}]) == []


def test_an_extract_is_old_when_it_is_a_day_older_than_usual() -> None:
    hours = [timedelta(hours=n) for n in (4, 5, 6)]
    assert find_old({"収納": timedelta(hours=29)}, {"収納": hours}) == []
    (told,) = find_old({"収納": timedelta(hours=30), "口座": timedelta(days=9)}, {"収納": hours})
    assert "「収納」" in told
    assert "通常は5時間前、今回は30時間前" in told
