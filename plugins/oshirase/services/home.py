"""What needs a person today, the most urgent first, and all campaigns at a glance: a query for each question."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from itertools import chain
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.settings import extract_titles, load_city
from oshirase.adapters.sql import statement
from oshirase.domain.alert import KeptAlert
from oshirase.domain.calendar import JST, UnknownYear
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.saying import Saying, say
from oshirase.errors import BadSettings
from oshirase.services.alert_book import list_open
from oshirase.services.approval import answer_until
from oshirase.services.freshness import find_stale, list_newest
from oshirase.services.missed import HAND_OVER, PastOccurrence, Standing, is_left_behind, left_saying, list_past
from oshirase.services.overview import Overview, list_campaigns
from oshirase.services.run_review import Stage
from oshirase.services.sending_lock import find_lock
from oshirase.services.stop import cancel_rule
from oshirase.services.unknown import Undecided, count_undecided

# Of files that nobody has looked after for longer, a person knows by now.
REFUSED_WITHIN = timedelta(days=14)


class Need(IntEnum):
    """Why a person is needed, the most urgent first."""

    LOCKED = 0  # nothing is sent at all
    STOPPED_BOOKINGS = 1  # somebody stopped the run, and something of it may still go out
    SETTINGS = 2
    NOT_HANDED_OVER = 3
    APPROVAL = 4
    MISSED = 5
    UNDECIDED = 6
    REFUSED_FILE = 7
    OLD_RECORDS = 8


@dataclass(frozen=True)
class Task:
    """One thing that a person does: what is the matter, and what to do; the earlier `at`, the more it presses."""

    need: Need
    at: datetime
    said: tuple[Saying, ...]
    to_do: tuple[Saying, ...]
    # Of a campaign: its name and what staff call it; of one occurrence: its day, and its run when there is one.
    campaign: str | None = None
    title: str = ""
    occurrence_on: date | None = None
    campaign_run_id: UUID | None = None


@dataclass(frozen=True)
class LastRun:
    """The last run of a campaign: `sent` messages are with the gateway, `concluded` of them have a receipt."""

    campaign_run_id: UUID
    campaign: str
    occurrence_on: date
    composed_at: datetime | None
    closed_as: str | None
    is_approved: bool
    in_line: int
    sent: int
    delivered: int
    concluded: int

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self.closed_as:
            return Stage(self.closed_as)
        if self.composed_at is None:
            return Stage.PREPARING
        if not self.is_approved:
            return Stage.AWAITING_APPROVAL if self.in_line else Stage.NOTHING_TO_SEND
        return Stage.HANDING_OVER if self.in_line else Stage.HANDED_OVER

    @property
    def delivered_share(self) -> float | None:
        """Of the messages with a receipt, those that a telephone received; None when there is none yet."""
        return self.delivered / self.concluded if self.concluded else None


@dataclass(frozen=True)
class Home:
    """What needs a person, the most urgent first; and the campaigns by name, each with its last run if it has one.

    The alerts that are open are those that whoever is on call was told of, or will be.
    """

    tasks: Sequence[Task]
    alerts: Sequence[KeptAlert]
    campaigns: Sequence[tuple[Overview, LastRun | None]]


def load_home(engine: Engine, readable: Collection[str], now: datetime) -> Home:
    """Everything of the campaigns that somebody may read."""
    shown = list_campaigns(now, {}, readable)
    names = [one.name for one in shown]
    last_runs = list_last_runs(engine, names)
    tasks = chain(
        _sending_lock(engine, now) if shown else (),
        _broken_settings(shown, now),
        _stopped_bookings(engine, shown, now),
        _undecided(count_undecided(engine), shown),
        _refused_files(engine, now) if shown else (),
        _of_occurrences(engine, [one.campaign for one in shown if one.campaign], shown, now),
    )
    return Home(
        sorted(tasks, key=lambda task: (task.need, task.at, task.campaign or "")),
        _open_alerts(engine, names),
        [(one, last_runs.get(one.name)) for one in shown],
    )


def list_last_runs(engine: Engine, names: Sequence[str]) -> dict[str, LastRun]:
    """The last run of each of some campaigns that ever had one."""
    with engine.connect() as connection:
        rows = connection.execute(statement("home/list_last_runs"), {"campaigns": names}).all()
    return {row.campaign: LastRun(**row._mapping) for row in rows}


def _open_alerts(engine: Engine, names: Sequence[str]) -> list[KeptAlert]:
    """Of the campaigns that somebody may read, and of none; nothing to whoever may read none."""
    if not names:
        return []
    return [kept for kept in list_open(engine) if kept.alert.campaign is None or kept.alert.campaign in names]


def _sending_lock(engine: Engine, now: datetime) -> Iterator[Task]:
    if lock := find_lock(engine):
        yield Task(Need.LOCKED, lock.locked_at or now, lock.said, lock.to_do)


def _broken_settings(shown: Sequence[Overview], now: datetime) -> Iterator[Task]:
    # A mistake in the city's file comes again with every campaign.
    errors = dict.fromkeys(one.error for one in shown if one.error)
    to_do = say("設定ファイルを直し、`oshirase check` で確かめてください。直るまで、このお知らせは実行できません。")
    for error in errors:
        yield Task(Need.SETTINGS, now, (say("設定に誤りがあります（%(error)s）。", error=str(error)),), (to_do,))


def _stopped_bookings(engine: Engine, shown: Sequence[Overview], now: datetime) -> Iterator[Task]:
    # The shortest margin of all: what can still be cancelled is told rather too long than not.
    names = [one.name for one in shown]
    margin = min((cancel_rule(name).margin for name in names), default=timedelta())
    with engine.connect() as connection:
        binds = {"campaigns": names, "cancellable_until": now + margin}
        rows = connection.execute(statement("home/list_stopping"), binds).all()
    for row in rows:
        said = [say("停止した実行回の予約%(booked)s件が、まだ取り消されていません。", booked=row.booked)] * (
            row.booked > 0
        )
        said += [say("引渡しの途中のものが%(count)s件あります。", count=row.under_way)] * (row.under_way > 0)
        by_hand = say("共有フォルダの一覧（to_cancel_by_hand.csv）を見て、コンソールで取り消してください。")
        by_itself = say(
            "5分ごとの「納付状況との照合」が取り消します。件数が減らないときは、Airflow でこの DAG が停止中でないことを"
            "確かめてください。"
        )
        to_do = by_hand if cancel_rule(row.campaign).is_by_hand else by_itself
        yield Task(
            Need.STOPPED_BOOKINGS, row.closed_at, tuple(said), (to_do,), row.campaign, _title(shown, row.campaign),
            row.occurrence_on, row.campaign_run_id,
        )  # fmt: skip


def _undecided(undecided: Sequence[Undecided], shown: Sequence[Overview]) -> Iterator[Task]:
    """One task a campaign: all of its runs are decided on the same page."""
    for campaign in shown:
        if of_campaign := [one for one in undecided if one.campaign == campaign.name]:
            count = sum(one.notices for one in of_campaign)
            said = say("結果不明のお知らせが%(count)s件あります。届いている可能性が残ります。", count=count)
            to_do = say("再送するか、送らないかを決めてください。")
            at = min(one.earliest_at for one in of_campaign)
            yield Task(Need.UNDECIDED, at, (said,), (to_do,), campaign.name, _title(shown, campaign.name))


def _refused_files(engine: Engine, now: datetime) -> Iterator[Task]:
    with engine.connect() as connection:
        binds = {"since": now - REFUSED_WITHIN}
        rows = connection.execute(statement("home/list_refused_files"), binds).all()
    titles = extract_titles() if rows else {}
    to_do = say("ファイルを直すか、取り直して、取込みのフォルダーに置いてください。")
    for row in rows:
        said = (
            say(
                "「%(title)s」の抽出ファイル（%(file)s）を取り込めませんでした（%(reason)s）。",
                title=titles.get(row.extract, row.extract), file=row.file_name, reason=row.message.rstrip("。"),
            )
            if row.file_name
            else say("名前が決まりどおりでない抽出ファイルを取り込めませんでした。")
        )  # fmt: skip
        yield Task(Need.REFUSED_FILE, row.refused_at, (said,), (to_do,))


def _of_occurrences(
    engine: Engine, campaigns: Sequence[Campaign], shown: Sequence[Overview], now: datetime
) -> Iterator[Task]:
    """Of campaigns whose settings can be read, and so the city's."""
    if not campaigns:
        return
    try:
        city = load_city()
        past = list_past(engine, campaigns, city, now, counts_handed_over=False)
    except BadSettings:
        return  # changed meanwhile: the next look tells it
    except UnknownYear as error:
        said = say("休日が分からないため、予定日を確かめられません（%(error)s）。", error=str(error))
        yield Task(Need.SETTINGS, now, (said,), (say("`oshirase doctor` で確かめてください。"),))
        return
    by_name = {campaign.name: campaign for campaign in campaigns}
    for one in past:
        yield from _of_occurrence(one, by_name[one.campaign], city, now)
    yield from _old_records(engine, campaigns, city, shown, now)


def _of_occurrence(one: PastOccurrence, campaign: Campaign, city: City, now: datetime) -> Iterator[Task]:
    day = one.occurrence_at.astimezone(JST).date()
    where = (one.campaign, one.title, day, one.campaign_run_id)
    if one.is_missed:
        yield Task(Need.MISSED, one.occurrence_at, one.said, one.to_do, *where)
    elif one.standing is Standing.AWAITS_APPROVAL and one.run and one.run.composed_at:
        until = answer_until(campaign, city, one.run.composed_at)
        said = say("%(count)s件の送信が承認を待っています（%(until)sまで）。", count=one.run.in_line, until=until)
        yield Task(Need.APPROVAL, until, (said, *_late(one)), (_decide(until, now),), *where)
    elif one.standing is Standing.NOT_HANDED_OVER and one.run and is_left_behind(one, now):
        yield Task(Need.NOT_HANDED_OVER, one.occurrence_at, (left_saying(one.run),), (HAND_OVER,), *where)


def _late(one: PastOccurrence) -> list[Saying]:
    return [say("予定日から日数が経っているため、承認するには理由が必要です。")] if one.is_stale else []


def _decide(until: datetime, now: datetime) -> Saying:
    if until < now:
        return say("期限を過ぎています。Airflow で「④ 承認」の手順が動いていることを確かめてください。")
    return say("実行回の画面で内容を確かめ、Airflow の「④ 承認」で承認するか、差し戻してください。")


def _old_records(
    engine: Engine, campaigns: Sequence[Campaign], city: City, shown: Sequence[Overview], now: datetime
) -> Iterator[Task]:
    """Records that are too old for an occurrence of today or of the next business day."""
    office, titles = city.office(), extract_titles()
    soon = office.add_business_days(now.astimezone(JST).date(), 1)
    coming = {one.name: one.next[0] for one in shown if one.next and one.next[0].astimezone(JST).date() <= soon}
    due = [campaign for campaign in campaigns if campaign.name in coming]
    newest = list_newest(engine, {extract for campaign in due for extract in campaign.freshness}) if due else {}
    for campaign in due:
        at = coming[campaign.name]
        if stale := find_stale(newest, campaign.freshness, titles, now, office):
            next_one = say("次の予定日は%(at)sです。", at=at)
            to_do = say("新しい抽出ファイルを置いてください。取り込まれるまで、このお知らせの実行は待ちます。")
            said = (*(extract.said for extract in stale), next_one)
            day = at.astimezone(JST).date()
            yield Task(Need.OLD_RECORDS, at, said, (to_do,), campaign.name, campaign.title, day)


def _title(shown: Sequence[Overview], name: str) -> str:
    titles: Mapping[str, str] = {one.name: one.campaign.title for one in shown if one.campaign}
    return titles.get(name, name)
