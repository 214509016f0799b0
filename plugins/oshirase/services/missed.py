"""Missed: occurrences that lie in the past, timetable against ledger, and which of them need a person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row

from oshirase.adapters.settings import extract_titles
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST, UnknownYear, moment_in_words
from oshirase.domain.campaign import Campaign, City
from oshirase.services.approval import is_stale
from oshirase.services.campaign_run import EXPIRED
from oshirase.services.freshness import list_stale, waits_until

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


AFTER_EXPIRY = (
    "取込みが遅れた原因を確かめてください。取込みが済んでから送る場合は、Airflow でこの回を開き、"
    "「① 実行回を開く」から Clear してください。"
)
HAND_OVER = (
    "引渡し中でなければ、Airflow でこの回を開き、「③ 対象者の抽出・確認・文面作成」から Clear してください。"
    "予約の日時が過ぎていれば立て直し、もう一度承認を求めます。"
)
NEED_A_PERSON = {Standing.NOT_OPENED, Standing.NOT_PLANNED, Standing.RECORDS_TOO_OLD}


@dataclass(frozen=True)
class PastOccurrence:
    """An occurrence whose time has come: `sentence` says what became of it, `action` what a person does about it."""

    campaign: str
    title: str
    occurrence_at: datetime
    standing: Standing
    sentence: str
    action: str = ""
    # None when it was never opened.
    campaign_run_id: UUID | None = None

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
    engine: Engine, campaigns: Sequence[Campaign], city: City, now: datetime, since: date | None = None
) -> list[PastOccurrence]:
    """Every occurrence since a JST date whose time has come, oldest first.

    Without `since`: those of the last 92 days, but not before the first one that the ledger has of a campaign. A
    campaign that never ran was not in use, and has missed nothing. What the ledger has is told also when the timetable
    does not plan it any more.

    Raises:
        UnknownYear: the holidays of a year in question are not known.
    """
    begins = _beginnings(engine, campaigns, now, since)
    runs = _runs_since(engine, begins)
    past = [
        _judge(engine, campaign, city, occurrence_at, runs.get((campaign.name, _day(occurrence_at))), now)
        for campaign in campaigns
        if (first := begins.get(campaign.name))
        for occurrence_at in _moments(campaign, city, first, now, runs)
    ]
    return sorted(past, key=lambda one: (one.occurrence_at, one.campaign))


def list_never_run(engine: Engine, campaigns: Sequence[Campaign]) -> list[Campaign]:
    """Campaigns of which the ledger has no run at all."""
    known = _first_runs(engine)
    return [campaign for campaign in campaigns if campaign.name not in known]


def backfill_command(campaign: str, first: datetime, last: datetime) -> str:
    """What a person types to see, and then to start, the backfill of some occurrences."""
    return f"oshirase backfill {campaign} --from {_day(first)} --to {_day(last)}"


def _beginnings(engine: Engine, campaigns: Sequence[Campaign], now: datetime, since: date | None) -> Mapping[str, date]:
    """The day from which each campaign's occurrences count; a campaign without one has missed nothing."""
    if since is not None:
        return {campaign.name: since for campaign in campaigns}
    first, earliest = _first_runs(engine), _day(now - LOOKS_BACK)
    return {c.name: max(earliest, first[c.name]) for c in campaigns if c.name in first}


def _first_runs(engine: Engine) -> Mapping[str, date]:
    with engine.connect() as connection:
        rows = connection.execute(statement("campaign_run/list_first_runs")).all()
    return {row.campaign: row.first_on for row in rows}


def _runs_since(engine: Engine, begins: Mapping[str, date]) -> dict[tuple[str, date], Row[Any]]:
    if not begins:
        return {}
    with engine.connect() as connection:
        binds = {"campaigns": list(begins), "since": min(begins.values())}
        rows = connection.execute(statement("campaign_run/list_past_runs"), binds).all()
    return {(row.campaign, row.occurrence_on): row for row in rows if row.occurrence_on >= begins[row.campaign]}


def _moments(
    campaign: Campaign, city: City, first: date, now: datetime, runs: Mapping[tuple[str, date], Row[Any]]
) -> list[datetime]:
    """Of the timetable and of the ledger; one a day, the ledger's when it has one."""
    begin = datetime(first.year, first.month, first.day, tzinfo=JST)
    planned = (
        {_day(moment): moment for moment in campaign.occurrences(city).between(begin, now)} if begin <= now else {}
    )
    had = {day: row.occurrence_at for (name, day), row in runs.items() if name == campaign.name}
    return list((planned | had).values())


def _judge(
    engine: Engine, campaign: Campaign, city: City, occurrence_at: datetime, run: Row[Any] | None, now: datetime
) -> PastOccurrence:
    if run is None:
        standing, sentence, action = _never_opened(campaign, occurrence_at, now)
    elif run.closed_as:
        standing, sentence, action = _ended(run)
    elif run.composed_at:
        standing, sentence, action = _planned(run)
    else:
        standing, sentence, action = _opened(engine, campaign, city, run, now)
    run_id = run.campaign_run_id if run else None
    return PastOccurrence(campaign.name, campaign.title, occurrence_at, standing, sentence, action, run_id)


Judgement = tuple[Standing, str, str]


def _never_opened(campaign: Campaign, occurrence_at: datetime, now: datetime) -> Judgement:
    if now < occurrence_at + GRACE:
        return Standing.STARTING, "予定の時刻になったばかりです。実行が始まるのを待っています。", ""
    command = backfill_command(campaign.name, occurrence_at, occurrence_at)
    late = (
        f"予定日から{campaign.approval.stale_after_days}日を過ぎているため、送信するには承認のときに理由が必要です。"
        if is_stale(campaign, occurrence_at, now)
        else ""
    )
    return (
        Standing.NOT_OPENED,
        "Airflow で実行されていません（DAG が停止中か、スケジューラーが止まっていた可能性があります）。" + late,
        f"`{command}` で内容を確かめ、`--yes` を付けて実行してください。",
    )


def _ended(run: Row[Any]) -> Judgement:
    reason = (run.closed_reason or "理由は記録されていません").rstrip("。")
    if run.closed_as == EXPIRED and run.composed_at is None:
        # Only the freshness gate ends a run before it is planned.
        return (
            Standing.RECORDS_TOO_OLD,
            f"{reason}。",
            AFTER_EXPIRY,
        )
    if run.closed_as == EXPIRED:
        return Standing.EXPIRED, f"送信せずに終了しました（{reason}）。", ""
    word = "差し戻しました" if run.closed_as == Standing.REJECTED else "停止しました"
    return Standing(run.closed_as), f"{run.closed_by} が{word}（{reason}）。", ""


def _planned(run: Row[Any]) -> Judgement:
    if run.in_line and not run.is_approved:
        since = moment_in_words(run.composed_at)
        return Standing.AWAITS_APPROVAL, f"{since}から承認を待っています（{run.in_line:,}件）。", "承認してください。"
    if run.in_line or run.lapsed:
        return (
            Standing.NOT_HANDED_OVER,
            f"承認されましたが、{run.in_line + run.lapsed:,}件がまだ引き渡されていません"
            + (f"（うち{run.lapsed:,}件は送信時間を過ぎました）。" if run.lapsed else "。"),
            HAND_OVER,
        )
    told = f"{run.handed_over:,}件を事業者へ引き渡しました。" if run.handed_over else "送信する方はいませんでした。"
    return Standing.DONE, told, ""


def _opened(engine: Engine, campaign: Campaign, city: City, run: Row[Any], now: datetime) -> Judgement:
    stale = _stale_extracts(engine, campaign, city, now)
    if now < waits_until(run.opened_at, city.window()):
        waits = f"記録の更新を待っています。{stale}" if stale else "実行が始まり、計画の途中です。"
        return Standing.OPENED, waits, ""
    again = (
        "Airflow でこの回を開き、失敗した手順や止まっている手順を Clear してください。Airflow に実行がないときは、"
        f"`{backfill_command(campaign.name, run.occurrence_at, run.occurrence_at)}` で確かめてください。"
    )
    if stale:
        return (
            Standing.NOT_PLANNED,
            f"記録が更新されないまま、送信時間が終わりました。{stale}",
            f"先に取込みを済ませてください。{again}",
        )
    return (
        Standing.NOT_PLANNED,
        "実行は始まりましたが、対象者の抽出が終わっていません（手順の失敗か、Airflow の停止が考えられます）。",
        again,
    )


def _stale_extracts(engine: Engine, campaign: Campaign, city: City, now: datetime) -> str:
    return "".join(stale_sentences(engine, campaign, city, now))


def stale_sentences(engine: Engine, campaign: Campaign, city: City, now: datetime) -> Iterator[str]:
    """Which extracts are older than a campaign allows, a sentence each."""
    try:
        for extract in list_stale(engine, campaign.freshness, extract_titles(), now, city.office()):
            yield str(extract)
    except UnknownYear as error:
        yield f"記録の鮮度を確かめられません（{error}）。"


def _day(moment: datetime) -> date:
    return moment.astimezone(JST).date()
