"""Missed: occurrences that lie in the past, timetable against ledger, and which of them need a person."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.settings import extract_titles
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST, UnknownYear
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.saying import Saying, in_japanese, say
from oshirase.services.approval import is_stale
from oshirase.services.campaign_run import EXPIRED
from oshirase.services.freshness import find_stale, list_newest, waits_until

# How far one looks back, when nobody says how far.
LOOKS_BACK = timedelta(days=92)
# A scheduler opens a run within seconds; after an upgrade within minutes.
GRACE = timedelta(minutes=15)


class Standing(StrEnum):
    """Where an occurrence whose time has come stands."""

    NOT_OPENED = "not_opened"
    STARTING = "starting"  # its time has only just come
    OPENED = "opened"  # waits for records, or is being planned
    NOT_PLANNED = "not_planned"  # its send window closed before it was planned
    RECORDS_TOO_OLD = "records_too_old"  # ended without a plan, because the records were too old
    AWAITS_APPROVAL = "awaits_approval"
    NOT_HANDED_OVER = "not_handed_over"  # approved, and something is left in the line, or missed its send window
    DONE = "done"
    EXPIRED = "expired"
    REJECTED = "rejected"
    STOPPED = "stopped"


NEED_A_PERSON = {Standing.NOT_OPENED, Standing.NOT_PLANNED, Standing.RECORDS_TOO_OLD}


@dataclass(frozen=True)
class PastRun:
    """The run of an occurrence: notices in the line, too late for their send window, and handed over.

    The last booking of what is in the line is at `line_until`; `handed_over` is None when nobody asked for the number.
    """

    campaign_run_id: UUID
    campaign: str
    occurrence_on: date
    occurrence_at: datetime
    opened_at: datetime
    composed_at: datetime | None
    closed_as: str | None
    closed_by: str | None
    closed_reason: str | None
    in_line: int
    lapsed: int
    line_until: datetime | None
    is_approved: bool
    has_handed_over: bool
    handed_over: int | None


@dataclass(frozen=True)
class PastOccurrence:
    """An occurrence whose time has come: `said` is what became of it, `to_do` what a person does about it."""

    campaign: str
    title: str
    occurrence_at: datetime
    standing: Standing
    said: tuple[Saying, ...]
    to_do: tuple[Saying, ...] = ()
    # So long ago that it is sent only when somebody says why.
    is_stale: bool = False
    # None when it was never opened.
    run: PastRun | None = None

    @property
    def sentence(self) -> str:
        """What became of it, in Japanese."""
        return in_japanese(self.said)

    @property
    def action(self) -> str:
        """What a person does about it, in Japanese; empty: nothing."""
        return in_japanese(self.to_do)

    @property
    def campaign_run_id(self) -> UUID | None:
        """Its run in the ledger."""
        return self.run.campaign_run_id if self.run else None

    @property
    def is_missed(self) -> bool:
        """Whether it should have run, has not, and does not come by itself."""
        return self.standing in NEED_A_PERSON

    @property
    def is_closed_to_backfill(self) -> bool:
        """Whether a backfill would change nothing: it has been planned, or has ended."""
        return self.standing not in {
            Standing.NOT_OPENED, Standing.STARTING, Standing.OPENED, Standing.NOT_PLANNED,
        }  # fmt: skip


def list_missed(
    engine: Engine, campaigns: Sequence[Campaign], city: City, now: datetime, since: date | None = None
) -> list[PastOccurrence]:
    """What should have run and has not, oldest first: see `list_past` for how far it looks back.

    Raises:
        UnknownYear: the holidays of a year in question are not known.
    """
    return [one for one in list_past(engine, campaigns, city, now, since) if one.is_missed]


def list_past(
    engine: Engine,
    campaigns: Sequence[Campaign],
    city: City,
    now: datetime,
    since: date | None = None,
    until: date | None = None,
    *,
    counts_handed_over: bool = True,
) -> list[PastOccurrence]:
    """Every occurrence since a JST date (and until one, included) whose time has come, oldest first.

    Without `since`: those of the last 92 days, but not before the first one that the ledger has of a campaign. A
    campaign that never ran was not in use, and has missed nothing. What the ledger has is told also when the timetable
    does not plan it any more. Large runs are told sooner when nobody asks how many notices were handed over.

    Raises:
        UnknownYear: the holidays of a year in question are not known.
    """
    begins = _beginnings(engine, campaigns, now, since)
    runs = _runs_between(engine, begins, until, counts_handed_over=counts_handed_over)
    end = now if until is None else min(now, _begin_of(until + timedelta(days=1)) - timedelta(microseconds=1))
    newest = _newest_for_open_runs(engine, campaigns, runs.values())
    past = [
        _judge(newest, campaign, city, occurrence_at, runs.get((campaign.name, _day(occurrence_at))), now)
        for campaign in campaigns
        if (first := begins.get(campaign.name))
        for occurrence_at in _moments(campaign, city, first, end, runs)
    ]
    return sorted(past, key=lambda one: (one.occurrence_at, one.campaign))


def is_left_behind(one: PastOccurrence, now: datetime) -> bool:
    """Whether something of an approved run has missed its time: nobody hands it over any more without a person.

    What missed its send window counts as long as the occurrence is not so old that it would need a reason.
    """
    if one.standing is not Standing.NOT_HANDED_OVER or one.run is None:
        return False
    is_overdue = one.run.line_until is not None and one.run.line_until < now
    return is_overdue or (one.run.lapsed > 0 and not one.is_stale)


def list_never_run(engine: Engine, campaigns: Sequence[Campaign]) -> list[Campaign]:
    """Campaigns of which the ledger has no run at all."""
    known = list_first_runs(engine)
    return [campaign for campaign in campaigns if campaign.name not in known]


def backfill_command(campaign: str, first: datetime, last: datetime) -> str:
    """What a person types to see, and then to start, the backfill of some occurrences."""
    return f"oshirase backfill {campaign} --from {_day(first)} --to {_day(last)}"


def list_first_runs(engine: Engine) -> Mapping[str, date]:
    """The first occurrence of each campaign that the ledger knows."""
    with engine.connect() as connection:
        rows = connection.execute(statement("campaign_run/list_first_runs")).all()
    return {row.campaign: row.first_on for row in rows}


def _beginnings(engine: Engine, campaigns: Sequence[Campaign], now: datetime, since: date | None) -> Mapping[str, date]:
    """The day from which each campaign's occurrences count; a campaign without one has missed nothing."""
    if since is not None:
        return {campaign.name: since for campaign in campaigns}
    first, earliest = list_first_runs(engine), _day(now - LOOKS_BACK)
    return {c.name: max(earliest, first[c.name]) for c in campaigns if c.name in first}


def _runs_between(
    engine: Engine, begins: Mapping[str, date], until: date | None, *, counts_handed_over: bool
) -> dict[tuple[str, date], PastRun]:
    if not begins:
        return {}
    with engine.connect() as connection:
        binds = {
            "campaigns": list(begins),
            "since": min(begins.values()),
            "until": until,
            "counts_handed_over": counts_handed_over,
        }
        rows = connection.execute(statement("campaign_run/list_past_runs"), binds).all()
    runs = [PastRun(**row._mapping) for row in rows]
    return {(run.campaign, run.occurrence_on): run for run in runs if run.occurrence_on >= begins[run.campaign]}


def _moments(
    campaign: Campaign, city: City, first: date, end: datetime, runs: Mapping[tuple[str, date], PastRun]
) -> list[datetime]:
    """Of the timetable and of the ledger; one a day, the ledger's when it has one."""
    begin = _begin_of(first)
    planned = (
        {_day(moment): moment for moment in campaign.occurrences(city).between(begin, end)} if begin <= end else {}
    )
    had = {day: run.occurrence_at for (name, day), run in runs.items() if name == campaign.name}
    return list((planned | had).values())


def _newest_for_open_runs(
    engine: Engine, campaigns: Iterable[Campaign], runs: Iterable[PastRun]
) -> Mapping[str, datetime]:
    """What runs that are not planned yet may wait for: as of when it was loaded last."""
    waiting = {run.campaign for run in runs if run.composed_at is None and run.closed_as is None}
    extracts = {extract for campaign in campaigns if campaign.name in waiting for extract in campaign.freshness}
    return list_newest(engine, extracts) if extracts else {}


def _begin_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=JST)


def _judge(
    newest: Mapping[str, datetime],
    campaign: Campaign,
    city: City,
    occurrence_at: datetime,
    run: PastRun | None,
    now: datetime,
) -> PastOccurrence:
    if run is None:
        standing, said, to_do = _never_opened(campaign, occurrence_at, now)
    elif run.closed_as:
        standing, said, to_do = _ended(run)
    elif run.composed_at:
        standing, said, to_do = _planned(run)
    else:
        standing, said, to_do = _opened(newest, campaign, city, run, now)
    stale = is_stale(campaign, occurrence_at, now)
    return PastOccurrence(campaign.name, campaign.title, occurrence_at, standing, tuple(said), tuple(to_do), stale, run)


Judgement = tuple[Standing, Sequence[Saying], Sequence[Saying]]


def _never_opened(campaign: Campaign, occurrence_at: datetime, now: datetime) -> Judgement:
    if now < occurrence_at + GRACE:
        return Standing.STARTING, [say("予定の時刻になったばかりです。実行が始まるのを待っています。")], []
    said = [
        say("Airflow で実行されていません（DAG が停止中か、スケジューラーが止まっていた可能性があります）。"),
        *late_sayings(campaign, occurrence_at, now),
    ]
    command = backfill_command(campaign.name, occurrence_at, occurrence_at)
    to_do = say("`%(command)s` で内容を確かめ、`--yes` を付けて実行してください。", command=command)
    return Standing.NOT_OPENED, said, [to_do]


def late_sayings(campaign: Campaign, occurrence_at: datetime, now: datetime) -> list[Saying]:
    """That an occurrence lies so long ago that it is sent with a reason only; nothing when it does not."""
    if not is_stale(campaign, occurrence_at, now):
        return []
    return [
        say(
            "予定日から%(days)s日を過ぎているため、送信するには承認のときに理由が必要です。",
            days=campaign.approval.stale_after_days,
        )
    ]


def _ended(run: PastRun) -> Judgement:
    reason = (run.closed_reason or "―").rstrip("。")
    if run.closed_as == EXPIRED and run.composed_at is None:
        # Only the freshness gate ends a run before it is planned.
        said = say("対象者を抽出する前に終了しました（%(reason)s）。", reason=reason)
        to_do = say(
            "取込みが遅れた原因を確かめてください。取込みが済んでから送る場合は、Airflow でこの回を開き、"
            "「① 実行回を開く」から Clear してください。"
        )
        return Standing.RECORDS_TOO_OLD, [said], [to_do]
    by = run.closed_by or ""
    if run.closed_as == EXPIRED:
        return Standing.EXPIRED, [say("送信せずに終了しました（%(reason)s）。", reason=reason)], []
    if run.closed_as == Standing.REJECTED:
        return Standing.REJECTED, [say("%(by)s が差し戻しました（%(reason)s）。", by=by, reason=reason)], []
    return Standing.STOPPED, [say("%(by)s が停止しました（%(reason)s）。", by=by, reason=reason)], []


def _planned(run: PastRun) -> Judgement:
    if run.in_line and not run.is_approved and run.composed_at:
        said = say("%(since)sから承認を待っています（%(count)s件）。", since=run.composed_at, count=run.in_line)
        return Standing.AWAITS_APPROVAL, [said], [say("承認してください。")]
    if run.in_line or run.lapsed:
        return Standing.NOT_HANDED_OVER, [left_saying(run)], [HAND_OVER]
    if not run.has_handed_over:
        return Standing.DONE, [say("送信する方はいませんでした。")], []
    if run.handed_over is None:
        return Standing.DONE, [say("事業者へ引き渡しました。")], []
    return Standing.DONE, [say("%(count)s件を事業者へ引き渡しました。", count=run.handed_over)], []


HAND_OVER = say(
    "引渡し中でなければ、Airflow でこの回を開き、「③ 対象者の抽出・確認・文面作成」から Clear してください。"
    "予約の日時が過ぎていれば立て直し、もう一度承認を求めます。"
)


def left_saying(run: PastRun) -> Saying:
    """What of an approved run is left."""
    left = run.in_line + run.lapsed
    if not run.lapsed:
        return say("承認されましたが、%(count)s件がまだ引き渡されていません。", count=left)
    return say(
        "承認されましたが、%(count)s件がまだ引き渡されていません（うち%(lapsed)s件は送信時間を過ぎました）。",
        count=left,
        lapsed=run.lapsed,
    )


def _opened(newest: Mapping[str, datetime], campaign: Campaign, city: City, run: PastRun, now: datetime) -> Judgement:
    stale = list(_stale_sayings(newest, campaign, city, now))
    if now < waits_until(run.opened_at, city.window()):
        if stale:
            return Standing.OPENED, [say("記録の更新を待っています。"), *stale], []
        return Standing.OPENED, [say("実行が始まり、計画の途中です。")], []
    again = say(
        "Airflow でこの回を開き、失敗した手順や止まっている手順を Clear してください。Airflow に実行がないときは、"
        "`%(command)s` で確かめてください。",
        command=backfill_command(campaign.name, run.occurrence_at, run.occurrence_at),
    )
    if stale:
        said = [say("記録が更新されないまま、送信時間が終わりました。"), *stale]
        return Standing.NOT_PLANNED, said, [say("先に取込みを済ませてください。"), again]
    failed = say("実行は始まりましたが、対象者の抽出が終わっていません（手順の失敗か、Airflow の停止が考えられます）。")
    return Standing.NOT_PLANNED, [failed], [again]


def stale_sentences(engine: Engine, campaign: Campaign, city: City, now: datetime) -> Iterator[str]:
    """Which extracts are older than a campaign allows, a sentence each, in Japanese."""
    return map(str, _stale_sayings(list_newest(engine, campaign.freshness), campaign, city, now))


def _stale_sayings(newest: Mapping[str, datetime], campaign: Campaign, city: City, now: datetime) -> Iterator[Saying]:
    try:
        for extract in find_stale(newest, campaign.freshness, extract_titles(), now, city.office()):
            yield extract.said
    except UnknownYear as error:
        yield say("記録の鮮度を確かめられません（%(error)s）。", error=str(error))


def _day(moment: datetime) -> date:
    return moment.astimezone(JST).date()
