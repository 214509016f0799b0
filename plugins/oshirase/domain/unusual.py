"""What is unusual about a run against earlier ones of its campaign, in sentences for the approver."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from statistics import median, median_low

from oshirase.domain.notice import STATE_LABELS, SUPPRESSION_LABELS, NoticeState

RECIPIENTS = "recipients"
# With fewer earlier runs nobody can say what is usual.
ENOUGH_RUNS = 3
# Against the median of the earlier runs.
_MUCH_LARGER, _MUCH_SMALLER = 1.5, 0.5
# In points of the cohort: a reason that takes so many more of it than usual.
_MANY_POINTS = 0.10
_MUCH_OLDER = timedelta(days=1)

# How many got a text (recipients), and how many did not for each reason, or state where there is none.
Outcomes = Mapping[str, int]


def find_unusual(now: Outcomes, before: Sequence[Outcomes]) -> list[str]:
    """Cohort much larger or smaller, many more left out for one reason; nothing when there are too few earlier runs."""
    if len(before) < ENOUGH_RUNS or not any(map(_cohort, before)):
        return []
    return [*_unusual_size(now, before), *_unusual_reasons(now, before)]


def find_old(ages: Mapping[str, timedelta], before: Mapping[str, Sequence[timedelta]]) -> list[str]:
    """Extracts (by what staff call them) that are older than they were for the earlier runs."""
    return [
        f"「{title}」の取込みが、いつもより古いものです（通常は{_in_words(usual)}前、今回は{_in_words(age)}前）。"
        for title, age in ages.items()
        if len(earlier := before.get(title, ())) >= ENOUGH_RUNS and age > (usual := median_low(earlier)) + _MUCH_OLDER
    ]


def _cohort(outcomes: Outcomes) -> int:
    return sum(outcomes.values())


def _unusual_size(now: Outcomes, before: Sequence[Outcomes]) -> Iterator[str]:
    cohort, usual = _cohort(now), median(map(_cohort, before))
    told = f"（通常は{usual:,.0f}人、今回は{cohort:,}人）"
    if cohort > usual * _MUCH_LARGER:
        yield f"抽出した方が、いつもよりかなり多くなっています{told}。"
    if cohort < usual * _MUCH_SMALLER:
        yield f"抽出した方が、いつもよりかなり少なくなっています{told}。"


def _unusual_reasons(now: Outcomes, before: Sequence[Outcomes]) -> Iterator[str]:
    cohort = _cohort(now)
    for outcome, label in _LABELS.items():
        usual = median(run.get(outcome, 0) / _cohort(run) for run in before if _cohort(run))
        share = now.get(outcome, 0) / cohort if cohort else 0
        if share > usual + _MANY_POINTS:
            yield f"「{label}」が、いつもより多くなっています（通常は{usual:.0%}、今回は{share:.0%}）。"


_LABELS = {**SUPPRESSION_LABELS, NoticeState.DEFERRED.value: STATE_LABELS[NoticeState.DEFERRED]}


def _in_words(age: timedelta) -> str:
    hours = round(age / timedelta(hours=1))
    return f"{hours}時間" if hours < 48 else f"{hours // 24}日"
