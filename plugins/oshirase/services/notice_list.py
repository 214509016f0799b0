"""The notices of one run as a list: narrowed, searched, sorted, and turned page by page by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.domain.notice import SUPPRESSION_LABELS, NoticeState

PAGE_SIZE = 50
STATES = tuple(NoticeState)
LOWEST, HIGHEST = UUID(int=0), UUID(int=2**128 - 1)
# Before and behind every key.
FIRST = (datetime(1, 1, 2, tzinfo=UTC), LOWEST)
LAST = (datetime(9999, 12, 30, tzinfo=UTC), HIGHEST)

# By whether the last change counts instead of the booking, and whether the last ones come first.
_PAGES = {
    (False, False): "notices/page_by_booking",
    (False, True): "notices/page_by_booking_down",
    (True, False): "notices/page_by_change",
    (True, True): "notices/page_by_change_down",
}


class Sort(StrEnum):
    """What a list is sorted by; ties by the notice's id."""

    BOOKED = "booked"
    CHANGED = "changed"
    # In the order of a notice's life, then by booking.
    STATE = "state"


@dataclass(frozen=True)
class Order:
    """How a list is sorted."""

    sort: Sort = Sort.BOOKED
    is_down: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; no states: all, None: no matter. `notice_ids`: the first and the last possible id."""

    states: tuple[NoticeState, ...] = ()
    reason: str | None = None
    arm: str | None = None
    carrier: str | None = None
    last_four: str | None = None
    notice_ids: tuple[UUID, UUID] | None = None

    @property
    def is_search(self) -> bool:
        """Whether single notices are looked for: then their number is not among the counts by group."""
        return self.last_four is not None or self.notice_ids is not None

    @property
    def all_states(self) -> tuple[NoticeState, ...]:
        """In the order of a notice's life."""
        return tuple(state for state in STATES if not self.states or state in self.states)

    def binds(self) -> dict[str, Any]:
        """The binds that all statements of lists share."""
        first_id, last_id = self.notice_ids or (None, None)
        return {
            "reason": self.reason,
            "arm": self.arm,
            "carrier": self.carrier,
            "last_four": self.last_four,
            "first_id": first_id,
            "last_id": last_id,
        }


@dataclass(frozen=True)
class Key:
    """Where a page ends: what its last notice was sorted by, as it was then."""

    state: NoticeState
    at: datetime
    notice_id: UUID

    def __str__(self) -> str:
        return f"{self.state}~{self.at.astimezone(UTC):%Y%m%dT%H%M%S.%f}~{self.notice_id}"

    @classmethod
    def parse(cls, written: str) -> "Key":
        """A key that a link carries.

        Raises:
            ValueError: it is none.
        """
        state, at, notice_id = written.split("~")
        moment = datetime.strptime(at, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
        return cls(NoticeState(state), moment, UUID(notice_id))


@dataclass(frozen=True)
class ListedNotice:
    """One line of the list; the number is masked."""

    notice_id: UUID
    state: str
    reason: str | None
    arm: str | None
    version: int | None
    scheduled_at: datetime | None
    handed_over_at: datetime | None
    received_at: datetime | None
    carrier: str | None
    attempt: int
    state_changed_at: datetime
    settled_on: date | None
    phone_masked: str | None
    key_at: datetime

    @property
    def key(self) -> Key:
        """Its place in the list."""
        return Key(NoticeState(self.state), self.key_at, self.notice_id)


@dataclass(frozen=True)
class Page:
    """Some lines of the list, and the keys before and behind them where there is more."""

    notices: Sequence[ListedNotice]
    before: Key | None = None
    after: Key | None = None


@dataclass(frozen=True)
class Group:
    """How many notices of a run are alike in what a list can be narrowed to."""

    state: str
    reason: str | None
    arm: str | None
    carrier: str | None
    notices: int

    def is_in(self, wanted: Wanted) -> bool:
        """Whether its notices are among what is wanted, any search apart."""
        return (
            self.state in wanted.all_states
            and wanted.reason in {None, self.reason}
            and wanted.arm in {None, self.arm}
            and wanted.carrier in {None, self.carrier}
        )


def list_notices(
    engine: Engine,
    campaign_run_id: UUID,
    wanted: Wanted,
    order: Order,
    *,
    after: Key | None = None,
    before: Key | None = None,
) -> Page:
    """The page behind a key, or before one; without a key the first page. No page is reached by counting rows."""
    is_back = before is not None
    is_down = order.is_down != is_back
    binds = {
        "campaign_run_id": campaign_run_id,
        "is_by_state": order.sort is Sort.STATE,
        "most": PAGE_SIZE + 1,
        **wanted.binds(),
        **_starts(wanted, order.sort, is_down=is_down, key=before or after),
    }
    with engine.connect() as connection:
        name = _PAGES[order.sort is Sort.CHANGED, is_down]
        found = connection.execute(statement(name), binds).all()
    rows = [ListedNotice(**row._mapping) for row in found]
    shown = rows[:PAGE_SIZE]
    is_more = len(rows) > PAGE_SIZE
    if is_back:
        return _page(shown[::-1], is_before=is_more, is_after=True)
    return _page(shown, is_before=after is not None, is_after=is_more)


def _page(shown: list[ListedNotice], *, is_before: bool, is_after: bool) -> Page:
    if not shown:
        return Page(shown)
    return Page(shown, shown[0].key if is_before else None, shown[-1].key if is_after else None)


def _starts(wanted: Wanted, sort: Sort, *, is_down: bool, key: Key | None) -> dict[str, list[Any]]:
    """States in the order in which they are gone through, and for each the key from behind which on."""
    states, start = list(wanted.all_states), LAST if is_down else FIRST
    if is_down:
        states.reverse()
    if key is None:
        starts = [start] * len(states)
    elif sort is Sort.STATE:
        # What comes before the key's state has been shown.
        order = list(reversed(STATES)) if is_down else list(STATES)
        states = [state for state in states if order.index(state) >= order.index(key.state)]
        starts = [(key.at, key.notice_id) if state == key.state else start for state in states]
    else:
        starts = [(key.at, key.notice_id)] * len(states)
    return {"states": states, "moments": [at for at, _ in starts], "notice_ids": [one for _, one in starts]}


def count_groups(engine: Engine, campaign_run_id: UUID) -> list[Group]:
    """What a run's list can be narrowed to, in the order of a notice's life and of judgement."""
    with engine.connect() as connection:
        rows = connection.execute(statement("notices/count_groups"), {"campaign_run_id": campaign_run_id})
        groups = [Group(**row._mapping) for row in rows]
    reasons = list(SUPPRESSION_LABELS)
    return sorted(
        groups,
        key=lambda group: (
            STATES.index(NoticeState(group.state)),
            reasons.index(group.reason) if group.reason in reasons else len(reasons),
            group.reason or "",
        ),
    )


def count_wanted(engine: Engine, campaign_run_id: UUID, wanted: Wanted, groups: Sequence[Group], page: Page) -> int:
    """How many notices the whole list has; a search that fits on one page is counted by that."""
    if not wanted.is_search:
        return sum(group.notices for group in groups if group.is_in(wanted))
    if page.before is None and page.after is None:
        return len(page.notices)
    binds = {"campaign_run_id": campaign_run_id, "states": list(wanted.all_states), **wanted.binds()}
    with engine.connect() as connection:
        return int(connection.execute(statement("notices/count_found"), binds).scalar_one())
