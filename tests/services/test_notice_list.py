"""Lists of a run's notices: every notice exactly once, whichever way one turns the pages."""

import random
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from oshirase.domain.notice import NoticeState
from oshirase.services import notice_list
from oshirase.services.notice_list import (
    Key,
    ListedNotice,
    Order,
    Page,
    Sort,
    Wanted,
    count_groups,
    count_wanted,
    list_notices,
)
from tests.ledger import create_notice, create_run
from tests.scene import OCCURRENCE

ORDERS = [Order(sort, is_down=is_down) for sort in Sort for is_down in (False, True)]


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_list, "PAGE_SIZE", 4)


@pytest.fixture
def run(owner: Engine) -> UUID:
    """Forty notices, most of them tied with others in everything that they could be sorted by."""
    random.seed(7)
    run = create_run(owner)
    for number in range(40):
        create_notice(
            owner,
            run,
            f"nhi/2026/4/{number}",
            random.choice(list(NoticeState)),
            scheduled_at=random.choice([None, OCCURRENCE, OCCURRENCE + timedelta(minutes=5)]),
            state_changed_at=OCCURRENCE + timedelta(hours=random.randrange(3)),
            arm=random.choice(["plain", "relief", None]),
        )
    create_notice(owner, create_run(owner, "2026-09-02"), "nhi/2026/3/1")
    return run


def walk(engine: Engine, run: UUID, wanted: Wanted, order: Order) -> Iterator[Page]:
    """Page by page to the end."""
    page = list_notices(engine, run, wanted, order)
    yield page
    while page.after:
        page = list_notices(engine, run, wanted, order, after=Key.parse(str(page.after)))
        yield page


def walk_back(engine: Engine, run: UUID, order: Order, page: Page) -> Iterator[Page]:
    """Page by page to the beginning."""
    while page.before:
        page = list_notices(engine, run, Wanted(), order, before=Key.parse(str(page.before)))
        yield page


def place(notice: ListedNotice, sort: Sort) -> tuple[object, ...]:
    key = notice.key
    return (list(NoticeState).index(key.state), key.at) if sort is Sort.STATE else (key.at,)


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_every_notice_comes_once_in_order_and_the_way_back_is_the_same(engine: Engine, run: UUID, order: Order) -> None:
    pages = list(walk(engine, run, Wanted(), order))
    notices = [notice for page in pages for notice in page.notices]
    assert len({notice.notice_id for notice in notices}) == len(notices) == 40
    places = [(place(notice, order.sort), notice.notice_id) for notice in notices]
    by_id = sorted(places, key=lambda one: one[1], reverse=order.is_down)
    assert [one[0] for one in places] == [
        one[0] for one in sorted(by_id, key=lambda one: one[0], reverse=order.is_down)
    ]
    assert pages[0].before is None
    back = list(walk_back(engine, run, order, pages[-1]))
    assert [page.notices for page in back] == [page.notices for page in pages[-2::-1]]


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_what_does_not_change_comes_once_while_others_do(
    engine: Engine, owner: Engine, run: UUID, order: Order
) -> None:
    """The last notice of each page moves away before the next one is asked for."""
    seen: list[UUID] = []
    moved: set[UUID] = set()
    for page in walk(engine, run, Wanted(), order):
        seen += [notice.notice_id for notice in page.notices]
        last = page.notices[-1]
        if last.state == NoticeState.PLANNED:
            moved.add(last.notice_id)
            with owner.begin() as connection:
                connection.execute(
                    text(
                        "update ledger.notice set state = 'expired', reason = 'stopped',"
                        " state_changed_at = state_changed_at + interval '1 day' where notice_id = :id"
                    ),
                    {"id": last.notice_id},
                )
    stayed = [notice for notice in seen if notice not in moved]
    assert len(stayed) == len(set(stayed))
    assert len(set(seen)) == 40


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(states=(NoticeState.DELIVERED, NoticeState.SUPPRESSED)),
        Wanted(reason="settled"),
        Wanted(arm="plain"),
        Wanted(states=(NoticeState.PLANNED,), arm="relief"),
        Wanted(carrier="docomo"),
    ],
    ids=str,
)
def test_what_is_narrowed_down_is_counted_and_walked(engine: Engine, run: UUID, wanted: Wanted, order: Order) -> None:
    everything = [notice for page in walk(engine, run, Wanted(), order) for notice in page.notices]
    fitting = [
        notice
        for notice in everything
        if notice.state in wanted.all_states
        and wanted.reason in {None, notice.reason}
        and wanted.arm in {None, notice.arm}
        and wanted.carrier in {None, notice.carrier}
    ]
    pages = list(walk(engine, run, wanted, order))
    assert [notice for page in pages for notice in page.notices] == fitting
    assert count_wanted(engine, run, wanted, count_groups(engine, run), pages[0]) == len(fitting)


def test_a_search_by_the_end_of_the_number_and_by_the_beginning_of_the_id(
    engine: Engine, owner: Engine, run: UUID
) -> None:
    wanted_id = create_notice(owner, run, "nhi/2026/4/x", phone_e164="+819000009876")
    for number in range(5):
        create_notice(owner, run, f"nhi/2026/4/y{number}", phone_e164=f"+8190{number}0001234")
    groups = count_groups(engine, run)
    by_number = list_notices(engine, run, Wanted(last_four="9876"), Order())
    assert [notice.notice_id for notice in by_number.notices] == [wanted_id]
    assert count_wanted(engine, run, Wanted(last_four="9876"), groups, by_number) == 1
    many = Wanted(last_four="1234")
    assert count_wanted(engine, run, many, groups, list_notices(engine, run, many, Order())) == 5
    start = wanted_id.hex[:12]
    by_id = Wanted(notice_ids=(UUID(start.ljust(32, "0")), UUID(start.ljust(32, "f"))))
    assert [notice.notice_id for notice in list_notices(engine, run, by_id, Order()).notices] == [wanted_id]


def test_numbers_are_masked_and_nobody_is_named(engine: Engine, run: UUID) -> None:
    page = list_notices(engine, run, Wanted(), Order())
    assert all(notice.phone_masked.startswith("080-****-") for notice in page.notices if notice.phone_masked)
    assert "0000000001" not in repr(page)


@pytest.mark.parametrize("written", ["", "x", "planned~x~y", "gone~20261002T000000.0~" + str(uuid4()), "~~"])
def test_a_broken_key_is_none(written: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        Key.parse(written)


def test_the_order_of_bookings_reads_the_index(owner: Engine, engine: Engine, run: UUID) -> None:
    """Not the notices of the whole run: it may have 200,000 of them."""
    with owner.begin() as connection:
        # Of a table as small as a test's every way is as good: those that a large one forbids are left out.
        for way in ("seqscan", "bitmapscan", "sort"):
            connection.execute(text(f"set local enable_{way} = off"))
        plan = connection.execute(
            text(
                "explain select 1 from ledger.notice as n where campaign_run_id = :run and state = 'planned'"
                " and (ledger.booked_at(scheduled_at), notice_id) > (now(), gen_random_uuid())"
                " order by ledger.booked_at(scheduled_at), notice_id limit 50"
            ),
            {"run": run},
        )
        lines = [row[0] for row in plan]
    assert any("notice_listed" in line for line in lines)
    assert not any("Sort" in line for line in lines)
