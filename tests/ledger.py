"""Rows of the ledger for tests, written as the database's owner."""

import itertools
from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from oshirase.domain.notice import NoticeState

_numbers = itertools.count(1)

# The shortest permitted way from a new notice to each state.
WAYS: dict[NoticeState, tuple[NoticeState, ...]] = {
    NoticeState.PLANNED: (),
    NoticeState.CLAIMED: (NoticeState.CLAIMED,),
    NoticeState.UNKNOWN: (NoticeState.CLAIMED, NoticeState.UNKNOWN),
    NoticeState.REJECTED: (NoticeState.CLAIMED, NoticeState.REJECTED),
    NoticeState.ACCEPTED: (NoticeState.CLAIMED, NoticeState.ACCEPTED),
    NoticeState.DELIVERED: (NoticeState.CLAIMED, NoticeState.ACCEPTED, NoticeState.DELIVERED),
    NoticeState.UNDELIVERED: (NoticeState.CLAIMED, NoticeState.ACCEPTED, NoticeState.UNDELIVERED),
    NoticeState.FAILED: (NoticeState.CLAIMED, NoticeState.ACCEPTED, NoticeState.FAILED),
    NoticeState.CANCELLED: (NoticeState.CLAIMED, NoticeState.ACCEPTED, NoticeState.CANCELLED),
    NoticeState.EXPIRED: (NoticeState.EXPIRED,),
}


def create_run(engine: Engine, occurrence_on: str = "2026-10-02", campaign: str = "nhi_overdue") -> UUID:
    """The campaign run of an occurrence, which nobody has planned yet."""
    with engine.begin() as connection:
        run = connection.scalar(
            text(
                "insert into ledger.campaign_run (campaign, occurrence_on, occurrence_at, opened_at, opened_by)"
                " values (:campaign, cast(:day as text)::date, cast(:day as text)::timestamptz, now(), 'test')"
                " on conflict (campaign, occurrence_on) do update set opened_by = excluded.opened_by"
                " returning campaign_run_id"
            ),
            {"campaign": campaign, "day": occurrence_on},
        )
    assert isinstance(run, UUID)
    return run


def create_notice(
    engine: Engine, run: UUID, subject: str, state: NoticeState = NoticeState.PLANNED, **values: Any
) -> UUID:
    """A notice brought into a state by permitted steps; returns its id."""
    first = state if state not in WAYS else NoticeState.PLANNED
    notice = {
        "campaign_run_id": run,
        "campaign": "nhi_overdue",
        "subject": subject,
        "resident_id": "0000000001",
        "phone_e164": f"+8180{next(_numbers):08d}",
        "state": first,
        "reason": "settled" if first == NoticeState.SUPPRESSED else None,
        "batch": 1,
        "parts": 1,
        "state_changed_at": "2026-10-02T10:00+09:00",
        "state_changed_by": "test",
        **values,
    }
    with engine.begin() as connection:
        notice["text_id"] = connection.scalar(
            text(
                "insert into ledger.message_text (campaign_run_id, variant, version, body, parts)"
                " values (:run, 'plain', 1, 'text', 1) on conflict (campaign_run_id, variant, body)"
                " do update set version = 1 returning text_id"
            ),
            {"run": run},
        )
        columns, binds = ", ".join(notice), ", ".join(f":{name}" for name in notice)
        notice_id = connection.scalar(
            text(f"insert into ledger.notice ({columns}) values ({binds}) returning notice_id"), notice
        )
        for step in WAYS.get(state, ()):
            connection.execute(
                text(
                    "update ledger.notice set state = :step, reason = 'x', claim_id = gen_random_uuid(),"
                    " gateway = 'karaden', lease_until = now() where notice_id = :notice"
                ),
                {"step": step, "notice": notice_id},
            )
    assert isinstance(notice_id, UUID)
    return notice_id


def states_of(engine: Engine) -> Counter[str]:
    """How many notices stand in each state."""
    with engine.connect() as connection:
        rows = connection.execute(text("select state, count(*) from ledger.notice group by state")).all()
    return Counter(dict(map(tuple, rows)))


def create_found_message(engine: Engine, phone: str, accepted_at: datetime) -> None:
    """A message that was found at the gateway after a restore, and of which the ledger knows no notice."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into ledger.foreign_message (gateway, gateway_message_id, notice_id, phone_e164, state,"
                " accepted_at, found_at, found_by)"
                " values ('karaden', :id, gen_random_uuid(), :phone, 'delivered', :at, :at, 'test')"
            ),
            {"id": str(next(_numbers)), "phone": phone, "at": accepted_at},
        )
