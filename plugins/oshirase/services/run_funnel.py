"""The funnel of a run: from everybody who was selected to whom it was delivered, every branch with its reasons."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oshirase.domain.notice import SUPPRESSION_LABELS, NoticeState
from oshirase.services.run_tally import HANDED_OVER, Heap, Tally

COHORT = "cohort"
TO_SEND = "to_send"
APPROVED = "approved"
PASSED_ON = "handed_over"
# Who was to be sent to, and has not been handed over.
_NOT_HANDED_OVER = ("planned", "claimed", "rejected", "unknown", "expired")
# Shown even when there is nobody.
_ALWAYS = {"suppressed", "delivered"}
_REASONS = list(SUPPRESSION_LABELS)


@dataclass(frozen=True)
class Branch:
    """One number of the funnel: notices in some states, of one reason or by one carrier where it says so.

    `kind` is a state, or one of COHORT, TO_SEND, APPROVED, PASSED_ON. Branches below add up to it, unless
    some of its notices have no reason: then they are a part of it.
    """

    kind: str
    states: Sequence[str]
    notices: int
    parts: int
    reason: str | None = None
    carrier: str | None = None
    branches: Sequence["Branch"] = ()

    @property
    def is_divided(self) -> bool:
        """Whether the branches below are all of it."""
        return sum(branch.notices for branch in self.branches) == self.notices


def build_funnel(tally: Tally, *, is_approved: bool) -> Branch:
    """The whole funnel of a run; `is_approved`: who was to be sent to has been approved."""
    passed_on = _gather(PASSED_ON, [_of_state(tally, state) for state in HANDED_OVER])
    waiting, rest = [_of_state(tally, state) for state in _NOT_HANDED_OVER[:2]], _NOT_HANDED_OVER[2:]
    to_send = _gather(
        APPROVED if is_approved else TO_SEND, [*waiting, passed_on, *(_of_state(tally, state) for state in rest)]
    )
    aside = [_of_state(tally, state) for state in ("suppressed", "held_out", "deferred")]
    return _gather(COHORT, [*aside, to_send])


def _gather(kind: str, branches: Sequence[Branch]) -> Branch:
    """A branch over others; those without anybody are left out."""
    states = [state for branch in branches for state in branch.states]
    shown = [branch for branch in branches if branch.notices or len(branch.states) > 1 or branch.kind in _ALWAYS]
    notices, parts = sum(branch.notices for branch in branches), sum(branch.parts for branch in branches)
    return Branch(kind, states, notices, parts, branches=shown)


def _of_state(tally: Tally, state: str) -> Branch:
    heaps = tally.of(state)
    if state == NoticeState.DELIVERED:
        below = [Branch(state, [state], many, parts, carrier=of) for of, many, parts in _sums(heaps, _carrier)]
    else:
        below = [Branch(state, [state], many, parts, reason=of) for of, many, parts in _sums(heaps, _reason)]
        below.sort(key=lambda branch: (_place(branch.reason), -branch.notices))
    return Branch(state, [state], *_sum(heaps), branches=below)


def _sum(heaps: Sequence[Heap]) -> tuple[int, int]:
    return sum(heap.notices for heap in heaps), sum(heap.parts for heap in heaps)


def _sums(heaps: Sequence[Heap], of: Callable[[Heap], str | None]) -> list[tuple[str, int, int]]:
    """Notices and parts by what `of` says; those of which it says nothing are left out."""
    notices: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for heap in heaps:
        if key := of(heap):
            notices[key] += heap.notices
            parts[key] += heap.parts
    return [(key, many, parts[key]) for key, many in notices.most_common()]


def _carrier(heap: Heap) -> str | None:
    return heap.carrier


def _reason(heap: Heap) -> str | None:
    return heap.reason


def _place(reason: str | None) -> int:
    """In the order of judgement; a gateway's own codes behind."""
    return _REASONS.index(reason) if reason in _REASONS else len(_REASONS)
