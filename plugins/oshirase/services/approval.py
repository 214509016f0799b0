"""Approval: what a person is shown, who may decide, and what becomes of the answer."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine

from oshirase.adapters.settings import extract_titles
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.unusual import ENOUGH_RUNS, RECIPIENTS, Outcomes, find_old, find_unusual
from oshirase.services.campaign_run import (
    EXPIRED,
    CampaignRun,
    StateCount,
    close_campaign_run,
    count_notices,
    load_campaign_run,
)

APPROVED = "approved"
REJECTED = "rejected"
# Whose name the ledger keeps when no person decided.
BY_RULE = "自動承認"
# So many earlier runs say what is usual.
HISTORY = 6


@dataclass(frozen=True)
class ReviewText:
    """One text of the run as it will arrive, and how many get it."""

    variant: str
    version: int
    body: str
    parts: int
    notices: int


@dataclass(frozen=True)
class Person:
    """Who answers: Airflow's id, which may be a mere number, and the name to sign in with, which the ledger keeps."""

    user_id: str
    name: str

    def is_among(self, people: Collection[str]) -> bool:
        """Whether either is one of some."""
        return self.user_id in people or self.name in people


@dataclass(frozen=True)
class Approver:
    """Somebody who has approved the present content."""

    decided_by: str
    decided_at: datetime
    is_automatic: bool


@dataclass(frozen=True)
class Request:
    """Somebody who asked for the run (`triggered`, `backfilled`), or wrote one of its texts (`changed_text`)."""

    asked_by: str
    kind: str
    asked_at: datetime


@dataclass(frozen=True)
class Review:
    """All that a person signs: no telephone number, no resident id."""

    run: CampaignRun
    counts: Sequence[StateCount]
    texts: Sequence[ReviewText]
    first_at: datetime | None
    last_at: datetime | None
    approvers: Sequence[Approver]
    requests: Sequence[Request]
    # Sentences: what differs from earlier runs; `earlier_runs` is how many there are to compare with.
    unusual: Sequence[str]
    earlier_runs: int
    yen: int
    expected_calls: float
    is_stale: bool

    @property
    def recipients(self) -> int:
        """Notices that would be handed over."""
        return sum(count.notices for count in self.counts if count.state == "planned")

    @property
    def parts(self) -> int:
        """Billable parts of them."""
        return sum(count.parts for count in self.counts if count.state == "planned")

    @property
    def cohort(self) -> int:
        """Everybody whom the cohort statement selected."""
        return sum(count.notices for count in self.counts)

    @property
    def handed_over(self) -> int:
        """Notices that left the line before, when the run was planned anew."""
        waiting = {"planned", "suppressed", "held_out", "deferred", "expired"}
        return sum(count.notices for count in self.counts if count.state not in waiting)

    @property
    def is_approved(self) -> bool:
        """Enough persons approved what the run says now."""
        return self.run.approved_at is not None


def confirmation_code(reviews: Sequence[Review]) -> str:
    """What the approver types, so that an old page cannot approve new content.

    Of one run its digest's beginning; of several that are decided together the beginning of a digest over theirs.
    """
    return code_of([review.run.digest or "" for review in reviews])


def code_of(digests: Sequence[str]) -> str:
    """The confirmation code of what has these digests."""
    return (digests[0] if len(digests) == 1 else hashlib.sha256("/".join(digests).encode()).hexdigest())[:6].upper()


def list_waiting(
    engine: Engine, campaign: Campaign, city: City, campaign_run_id: UUID, days: Sequence[date], now: datetime
) -> list[Review]:
    """Other runs of the campaign, of these occurrences, that wait for an approval; the latest first."""
    binds = {"campaign": campaign.name, "campaign_run_id": campaign_run_id, "days": list(days)}
    with engine.connect() as connection:
        waiting = connection.scalars(statement("campaign_run/list_waiting"), binds).all()
    return [review_campaign_run(engine, campaign, city, run_id, now) for run_id in waiting]


def review_campaign_run(engine: Engine, campaign: Campaign, city: City, campaign_run_id: UUID, now: datetime) -> Review:
    """The present content of a run, for a person to decide on."""
    run, counts = load_campaign_run(engine, campaign_run_id), count_notices(engine, campaign_run_id)
    binds = {"campaign_run_id": campaign_run_id}
    planned = [count for count in counts if count.state == "planned"]
    recipients, parts = sum(count.notices for count in planned), sum(count.parts for count in planned)
    with engine.connect() as connection:
        texts = connection.execute(statement("campaign_run/review_texts"), binds).all()
        bookings = connection.execute(statement("campaign_run/review_bookings"), binds).one()
        approvers = connection.execute(statement("campaign_run/list_approvals"), binds).all()
        requests = connection.execute(statement("campaign_run/list_requests"), binds).all()
        unusual, earlier_runs = list_unusual(connection, campaign, campaign_run_id, counts)
    return Review(
        run=run,
        counts=counts,
        texts=[ReviewText(**row._mapping) for row in texts],
        first_at=bookings.first_at,
        last_at=bookings.last_at,
        approvers=[Approver(**row._mapping) for row in approvers],
        requests=[Request(**row._mapping) for row in requests],
        unusual=unusual,
        earlier_runs=earlier_runs,
        yen=round(parts * city.yen_per_part),
        expected_calls=recipients * campaign.pacing.call_rate,
        is_stale=is_stale(campaign, run.occurrence_at, now),
    )


def list_unusual(
    connection: Connection, campaign: Campaign, campaign_run_id: UUID, counts: Sequence[StateCount]
) -> tuple[list[str], int]:
    """What of a run differs from earlier ones, a sentence each, and how many of them there are to compare with."""
    history = list_history(connection, campaign.name, campaign_run_id)
    old = _find_old(connection, campaign, campaign_run_id)
    return [*find_unusual(_outcomes(counts), history), *old], len(history)


def is_stale(campaign: Campaign, occurrence_at: datetime, now: datetime) -> bool:
    """Whether an occurrence lies so long ago that it is sent only when somebody says why."""
    return now > occurrence_at + timedelta(days=campaign.approval.stale_after_days)


def list_history(connection: Connection, campaign: str, campaign_run_id: UUID) -> list[Outcomes]:
    """What the last runs that a person approved looked like when they were planned."""
    rows = connection.execute(
        statement("campaign_run/list_history"),
        {"campaign": campaign, "campaign_run_id": campaign_run_id, "most": HISTORY},
    )
    found: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[row.campaign_run_id][row.outcome] += row.notices
    return list(found.values())


def _outcomes(counts: Sequence[StateCount]) -> Outcomes:
    outcomes: Counter[str] = Counter()
    for count in counts:
        is_left_out = count.state in {"suppressed", "held_out", "deferred"}
        outcomes[(count.reason or count.state) if is_left_out else RECIPIENTS] += count.notices
    return outcomes


def _find_old(connection: Connection, campaign: Campaign, campaign_run_id: UUID) -> list[str]:
    titles = extract_titles()
    rows = connection.execute(
        statement("extract/list_ages"),
        {
            "campaign": campaign.name,
            "campaign_run_id": campaign_run_id,
            "extracts": list(campaign.freshness),
            "most": HISTORY,
        },
    ).all()
    earlier: defaultdict[str, list[timedelta]] = defaultdict(list)
    for row in rows:
        if row.is_earlier:
            earlier[titles.get(row.extract, row.extract)].append(row.age)
    return find_old({titles.get(row.extract, row.extract): row.age for row in rows if not row.is_earlier}, earlier)


def answer_until(campaign: Campaign, city: City, planned_at: datetime) -> datetime:
    """Until when an answer is waited for: the end of the send window, so many business days after the planning."""
    office, window = city.office(), city.window()
    day = office.add_business_days(planned_at.astimezone(JST).date(), campaign.approval.answer_within_business_days)
    while (hours := window.on(day)) is None or hours[1] <= planned_at:
        day += timedelta(days=1)
    return hours[1]


def objection(review: Review, campaign: Campaign, city: City, who: Person, reason: str) -> str | None:
    """Why a person may not approve a run, or not without saying more; None: they may."""
    approvers = city.sections[campaign.section].approvers
    if approvers and not who.is_among(approvers):
        return f"{who.name} は、この係の承認者ではありません。"
    if who.is_among([approver.decided_by for approver in review.approvers]):
        return f"{who.name} は承認済みです。もう1人の承認が必要です。"
    if campaign.approval.four_eyes and who.is_among([request.asked_by for request in review.requests]):
        return f"{who.name} は、この回の実行または文面の変更を行ったため、承認できません。別の職員が承認してください。"
    if review.is_stale and not reason.strip():
        return "予定日から日数が経っています。送信する理由を入力してください。"
    return None


def note_request(engine: Engine, campaign_run_id: UUID, asked_by: str, kind: str, now: datetime) -> None:
    """Keep who asked for a run: `triggered` or `backfilled` by a person; or who wrote a text of it: `changed_text`."""
    with engine.begin() as connection:
        connection.execute(
            statement("campaign_run/insert_request"),
            {"campaign_run_id": campaign_run_id, "asked_by": asked_by, "kind": kind, "asked_at": now},
        )


def approve_campaign_run(
    engine: Engine, campaign_run_id: UUID, digest: str, by: str, now: datetime, reason: str | None = None
) -> None:
    """Record that a named person approved the content with this digest; sending asks for exactly that record."""
    with engine.begin() as connection:
        _insert_decision(connection, campaign_run_id, digest, APPROVED, by, now, reason)


def approve_by_rule(engine: Engine, campaign: Campaign, review: Review, now: datetime) -> bool:
    """Approve a small, usual run when the settings permit it, and record it as such.

    Returns:
        Whether it was approved.
    """
    rule = campaign.approval.automatic
    if rule is None or review.run.digest is None:
        return False
    is_small = review.recipients <= rule.most_recipients and review.run.approvals_needed == 1
    is_usual = review.earlier_runs >= max(rule.earlier_runs, ENOUGH_RUNS) and not review.unusual
    if not (is_small and is_usual) or review.is_stale or review.handed_over:
        return False
    told = f"{rule.most_recipients}件以下で、過去{review.earlier_runs}回と比べて変わったところがないため"
    with engine.begin() as connection:
        run_id, digest = review.run.campaign_run_id, review.run.digest
        _insert_decision(connection, run_id, digest, APPROVED, BY_RULE, now, told, is_automatic=True)
    return True


def reject_campaign_run(
    engine: Engine, campaign_run_id: UUID, digest: str, by: str, now: datetime, reason: str
) -> None:
    """Record a rejection with its reason, and end the run: nothing of it will be sent."""
    with engine.begin() as connection:
        connection.execute(statement("campaign_run/lock_campaign_run"), {"campaign_run_id": campaign_run_id})
        _insert_decision(connection, campaign_run_id, digest, REJECTED, by, now, reason)
        close_campaign_run(connection, campaign_run_id, REJECTED, reason, by, now)


def expire_unanswered(engine: Engine, campaign_run_id: UUID, by: str, now: datetime) -> bool:
    """End a run that nobody decided on in time: nothing of it will be sent.

    Returns:
        Whether it was ended; not when enough persons approved it meanwhile, or somebody ended it.
    """
    with engine.begin() as connection:
        connection.execute(statement("campaign_run/lock_campaign_run"), {"campaign_run_id": campaign_run_id})
        run = load_campaign_run(engine, campaign_run_id)
        if run.approved_at or run.closed_as:
            return False
        close_campaign_run(
            connection, campaign_run_id, EXPIRED, "期限までに承認されなかったため、送信せずに終了しました。", by, now
        )
    return True


def _insert_decision(
    connection: Connection,
    campaign_run_id: UUID,
    digest: str,
    decision: str,
    by: str,
    now: datetime,
    reason: str | None,
    *,
    is_automatic: bool = False,
) -> None:
    connection.execute(
        statement("campaign_run/insert_decision"),
        {
            "campaign_run_id": campaign_run_id,
            "digest": digest,
            "decision": decision,
            "decided_by": by,
            "decided_at": now,
            "reason": reason,
            "is_automatic": is_automatic,
        },
    )
