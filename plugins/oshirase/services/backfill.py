"""Backfill: what running past occurrences now would do, and having Airflow run them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import Engine

from oshirase.adapters.airflow_api import AirflowApi
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.notice import STATE_LABELS, SUPPRESSION_LABELS, NoticeState
from oshirase.domain.occurrences import NoSuchOccurrence
from oshirase.errors import OshiraseError
from oshirase.services.approval import is_stale
from oshirase.services.forecast import AT_ONCE
from oshirase.services.missed import PastOccurrence, list_past, stale_sentences
from oshirase.services.preview import Basis, Preview, preview

RUN_STATES = {"queued": "待機中", "running": "実行中・承認待ち", "success": "終了", "failed": "失敗"}


class BackfillRefused(OshiraseError):
    """Nothing was created; the sentence says why, and what to do."""


class Outcome(StrEnum):
    """What a backfill would do with an occurrence."""

    FUTURE = "future"
    DONE = "done"  # planned or ended already
    NOBODY = "nobody"  # nobody is left to send to; the run is recorded
    RECIPIENTS = "recipients"
    STALE = "stale"  # as recipients, but sends nothing unless the approver says why
    FAULTY = "faulty"  # its texts cannot be planned


@dataclass(frozen=True)
class Prospect:
    """One occurrence of the range, and what a backfill would do with it; `messages` would be sent, in `parts`."""

    occurrence_at: datetime
    outcome: Outcome
    sentence: str
    cohort: int = 0
    messages: int = 0
    parts: int = 0
    yen: int = 0

    @property
    def is_to_run(self) -> bool:
        """Whether Airflow has to run it."""
        return self.outcome not in {Outcome.FUTURE, Outcome.DONE}


@dataclass(frozen=True)
class BackfillPlan:
    """The occurrences of a range of days, in order, and what one should know before running them."""

    campaign: str
    prospects: Sequence[Prospect]
    warnings: Sequence[str]

    @property
    def to_run(self) -> list[datetime]:
        """Occurrences that have to run."""
        return [one.occurrence_at for one in self.prospects if one.is_to_run]


@dataclass(frozen=True)
class AirflowView:
    """What Airflow would do about a plan: make these runs, and which things to know about it."""

    to_create: Sequence[datetime]
    warnings: Sequence[str]


def plan_backfill(
    engine: Engine, campaign: Campaign, city: City, first: date, last: date, now: datetime, key: bytes
) -> BackfillPlan:
    """What a backfill of the occurrences from one JST date to another, both included, would do; writes nothing.

    Each occurrence that has not been planned is previewed by what is recorded now, and by itself: whom an earlier one
    of the range reminds is counted in the later ones too.

    Raises:
        BackfillRefused: no occurrence lies in the range.
        UnknownYear: the holidays of a year of the range are not known.
    """
    moments = _moments(campaign, city, first, last)
    past = {one.occurrence_at.astimezone(JST).date(): one for one in list_past(engine, [campaign], city, now, first)}
    due = [moment for moment in moments if moment <= now]

    def look(moment: datetime) -> Prospect:
        standing = past.get(moment.astimezone(JST).date())
        if standing and standing.is_closed_to_backfill:
            return _done(standing)
        return _judge(campaign, preview(engine, campaign, city, moment, now, key), now)

    # At the same time: for one session the database uses one processor.
    with ThreadPoolExecutor(AT_ONCE) as threads:
        prospects = [*threads.map(look, due), *(_future(moment) for moment in moments if moment > now)]
    plan = BackfillPlan(campaign.name, prospects, ())
    return BackfillPlan(campaign.name, prospects, list(_warnings(engine, campaign, city, plan, now)))


def ask_airflow(airflow: AirflowApi, plan: BackfillPlan) -> AirflowView:
    """Hold what Airflow would create against the plan.

    Raises:
        AirflowError: Airflow refuses, or does not answer.
        BackfillRefused: Airflow's dates are not the timetable's, or it has a run of every occurrence already.
    """
    dag_id, to_run = plan.campaign, plan.to_run
    warnings = []
    if airflow.is_paused(dag_id):
        warnings.append(
            f"DAG {dag_id} が停止中です。作成しても実行は始まりません。Airflow の画面で DAG を有効にしてください。"
        )
    runs = airflow.list_runs(dag_id, to_run[0], to_run[-1])
    warnings += [_has_run(moment, runs[moment]) for moment in to_run if moment in runs]
    left = [moment for moment in to_run if moment not in runs]
    if not left:
        raise BackfillRefused("\n".join(warnings))
    # Of days in between that the ledger has and Airflow has not, a run finds everything done.
    known = {one.occurrence_at for one in plan.prospects}
    new = airflow.list_new_dates(dag_id, left)
    if differing := sorted((set(left) - set(new)) | (set(new) - known)):
        days = "、".join(f"{moment.astimezone(JST):%Y-%m-%d %H:%M}" for moment in differing)
        raise BackfillRefused(
            f"Airflow の予定日と設定の予定日が一致しません（{days}）。設定を変えた直後は、DAG が読み込み直されるまで"
            "お待ちください。続くときは、Airflow の時計と Import Errors を確かめてください"
        )
    return AirflowView(left, warnings)


def create_backfill(airflow: AirflowApi, plan: BackfillPlan, view: AirflowView) -> int:
    """Have Airflow run what it would create; returns its number of the backfill.

    Raises:
        AirflowError: Airflow refuses, or does not answer.
        BackfillRefused: a text is faulty.
    """
    if faulty := [one for one in plan.prospects if one.outcome is Outcome.FAULTY]:
        raise BackfillRefused(f"{faulty[0].sentence}`oshirase check {plan.campaign}` で確かめ、文面を直してください")
    return airflow.create_backfill(plan.campaign, view.to_create)


def _moments(campaign: Campaign, city: City, first: date, last: date) -> list[datetime]:
    occurrences = campaign.occurrences(city)
    begin, end = datetime.combine(first, time.min, JST), datetime.combine(last, time.max, JST)
    if moments := list(occurrences.between(begin, end)):
        return moments
    sentence = f"{first} から {last} までに、{campaign.name} の予定日はありません（{occurrences.in_words()}）。"
    try:
        before, after = occurrences.latest_until(end), occurrences.next_after(begin)
        nearest = f"直前の予定日は {before:%Y-%m-%d}、次は {after:%Y-%m-%d} です"
    except (NoSuchOccurrence, OverflowError, ValueError):
        nearest = "期間を確かめてください"
    raise BackfillRefused(sentence + nearest)


def _future(moment: datetime) -> Prospect:
    return Prospect(moment, Outcome.FUTURE, "予定の時刻がまだ来ていないため、含めません。")


def _done(standing: PastOccurrence) -> Prospect:
    return Prospect(standing.occurrence_at, Outcome.DONE, f"実行済みです。{standing.sentence}")


def _judge(campaign: Campaign, seen: Preview, now: datetime) -> Prospect:
    volume = seen.volume
    outcome, sentence = _outcome(campaign, seen, now)
    return Prospect(seen.occurrence_at, outcome, sentence, seen.cohort, volume.messages, volume.parts, volume.yen)


def _outcome(campaign: Campaign, seen: Preview, now: datetime) -> tuple[Outcome, str]:
    if seen.basis is Basis.LEDGER:
        return Outcome.DONE, "たった今、計画されました。"
    if seen.findings:
        return Outcome.FAULTY, "文面に誤りがあるため、計画できません。"
    if not seen.volume.messages:
        return Outcome.NOBODY, f"{_left_out(seen)}実行すると記録だけが残り、何も送信されません。"
    if is_stale(campaign, seen.occurrence_at, now):
        days = campaign.approval.stale_after_days
        return Outcome.STALE, f"予定日から{days}日を過ぎています。承認する方が理由を示さなければ、送信されません。"
    return Outcome.RECIPIENTS, f"承認を待ち、承認されれば{seen.volume.messages:,}人に送信されます。"


def _left_out(seen: Preview) -> str:
    states: Counter[str] = Counter()
    for count in seen.counts:
        states[STATE_LABELS[NoticeState(count.state)]] += count.notices
    if not states:
        return "抽出される方がいません。"
    return f"送信する方が残っていません（{'、'.join(f'{label}{n:,}人' for label, n in states.items())}）。"


def _warnings(engine: Engine, campaign: Campaign, city: City, plan: BackfillPlan, now: datetime) -> Iterator[str]:
    if not (to_run := plan.to_run):
        return
    if stale := "".join(stale_sentences(engine, campaign, city, now)):
        yield (
            f"{stale}このまま実行すると、取込みを待ち、送信時間の終わりまでに取り込まれなければ、送信せずに終了します"
            "（あとから送ることはできません）。先に取込みを済ませてください。"
        )
    if sent := _later_ones_sent(engine, campaign, to_run[0]):
        days = "、".join(str(day) for day in sent)
        label = SUPPRESSION_LABELS["superseded"]
        yield f"後の回（{days}）がすでに送信されています。その回で案内した方は「{label}」として対象外になります。"
    if sum(one.outcome in {Outcome.RECIPIENTS, Outcome.STALE} for one in plan.prospects) > 1:
        yield "件数は回ごとに別々に数えたものです。先の回で送信した方は、後の回では対象外になります。"


def _later_ones_sent(engine: Engine, campaign: Campaign, first: datetime) -> list[date]:
    day = first.astimezone(JST).date()
    with engine.connect() as connection:
        binds = {"campaigns": [campaign.name], "since": day, "until": None, "counts_handed_over": False}
        rows = connection.execute(statement("campaign_run/list_past_runs"), binds).all()
    return [row.occurrence_on for row in rows if row.has_handed_over and row.occurrence_on > day]


def _has_run(moment: datetime, state: str) -> str:
    return (
        f"{moment.astimezone(JST):%Y-%m-%d} の回は、Airflow に実行がすでにあるため（{RUN_STATES.get(state, state)}）、"
        "バックフィルには含まれません。失敗や停止のときは、Airflow でその実行を開き、"
        "止まっている手順を Clear してください。"
    )
