"""The rules by which something becomes an alert. A new one is a function here, its kind, and its run-book entry.

A sentence names campaigns, days, counts, extracts and DAGs; never a person, a number, a text or a file of somebody's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from oshirase.adapters.incarnation import RESTORED
from oshirase.adapters.settings import extract_titles
from oshirase.adapters.sql import statement
from oshirase.domain.alert import Alert, AlertKind
from oshirase.domain.calendar import JST, moment_in_words
from oshirase.domain.gateway import Busy, GatewayError, Refused
from oshirase.domain.saying import in_japanese, value_in_words
from oshirase.errors import MissingSetting
from oshirase.services.approval import answer_until
from oshirase.services.doctor import Status, check_calendar
from oshirase.services.freshness import find_stale, list_newest
from oshirase.services.home import REFUSED_WITHIN
from oshirase.services.missed import HAND_OVER, PastOccurrence, Standing, is_left_behind, left_saying, list_first_runs
from oshirase.services.overview import list_campaigns
from oshirase.services.sending_lock import find_lock
from oshirase.services.stop import cancel_rule
from oshirase.services.watch import Watched

# A run that nobody decided on is told of for so long.
EXPIRED_WITHIN = timedelta(days=3)
# Of older occurrences nobody can mend the errors any more.
ERRORS_WITHIN = timedelta(days=7)
RECENT = timedelta(hours=1)
# The reconciliation after a stop comes at once, and again every five minutes.
CANCELLED_WITHIN = timedelta(minutes=15)
# Without these nobody learns of payments, receipts and lost answers: whoever runs campaigns has to run them.
NEEDED_DAGS = ("ingest_extracts", "reconcile_payments", "collect_receipts", "resolve_unknown", "watch")
TO_DO_HOLIDAYS = "ライブラリ holidays を更新してください。"


@dataclass(frozen=True)
class Rule:
    """Finds what is the matter; `kind` is all that it can find, so that what it finds no more has ended."""

    kind: AlertKind
    find: Callable[[Watched], Iterable[Alert]]


def find_sending_lock(watched: Watched) -> Iterator[Alert]:
    """The lock under which nothing is handed over; the reason that a person typed may hold anything: it is not told."""
    if lock := find_lock(watched.engine):
        is_restored = lock.kind == RESTORED
        sentence = in_japanese(lock.said) if is_restored else "職員の操作により、送信を止めています。"
        yield Alert(AlertKind.SENDING_LOCKED, lock.kind, sentence, in_japanese(lock.to_do))


def find_bookings_not_cancelled(watched: Watched) -> Iterator[Alert]:
    """A stopped run of which something may still go out, although its cancellations should be done."""
    names = [campaign.name for campaign in watched.campaigns]
    margin = min((cancel_rule(name).margin for name in names), default=timedelta())
    binds = {"campaigns": names, "cancellable_until": watched.now + margin}
    with watched.engine.connect() as connection:
        rows = connection.execute(statement("home/list_stopping"), binds).all()
    for row in rows:
        if row.closed_at <= watched.now - CANCELLED_WITHIN:
            yield Alert(
                AlertKind.BOOKINGS_NOT_CANCELLED, _occurrence_key(row.campaign, row.occurrence_on),
                f"停止した「{watched.title(row.campaign)}」（{_day(row.occurrence_on)}分）の予約{row.booked:,}件が"
                f"取り消されていません。引渡しの途中のものは{row.under_way:,}件です。",
                "DAG「納付状況との照合」（コンソールの場合は「コンソールの送信結果の取込み」）が動いているか、"
                "すぐに確かめてください。",
                f"runs/{row.campaign_run_id}", row.campaign,
            )  # fmt: skip


def find_failing_gateways(watched: Watched) -> Iterator[Alert]:
    """Gateways that refuse us, or do not answer a harmless question."""
    sendings = [campaign.sending for campaign in watched.campaigns]
    for conn_id in sorted({sending.gateway_conn_id for sending in sendings if sending.hand_over == "api"}):
        if error := watched.probe(conn_id):
            yield Alert(
                AlertKind.GATEWAY_FAILING, conn_id,
                f"SMS の事業者（接続 {conn_id}）を利用できません: {_how_it_fails(error)}。",
                "Airflow の Admin > Connections で接続を開き、Test で確かめてください。"
                "引き渡していないものは失われません。",
            )  # fmt: skip


def _how_it_fails(error: GatewayError | MissingSetting) -> str:
    """In words of ours: those of the gateway may be anything."""
    if isinstance(error, MissingSetting):
        return "接続の設定が足りません"
    if isinstance(error, Refused):
        return "拒否されました。アクセストークン・テナント ID の失効や変更が考えられます"
    return "接続できないか、混み合っています" if isinstance(error, Busy) else "応答がありません"


def find_error_rates(watched: Watched) -> Iterator[Alert]:
    """Runs of which, altogether or within the last hour, too many messages were refused, failed or not received."""
    since = (watched.now - ERRORS_WITHIN).astimezone(JST).date()
    with watched.engine.connect() as connection:
        binds = {"since": since, "recent_since": watched.now - RECENT}
        rows = connection.execute(statement("alert/count_errors"), binds).all()
    for row in rows:
        for errors, ended, over in (
            (row.recent_errors, row.recent_ended, "直近1時間に"),
            (row.errors, row.ended, "これまでに"),
        ):
            if errors >= watched.limits.error_minimum and errors / ended >= watched.limits.error_share:
                yield Alert(
                    AlertKind.ERROR_RATE, _occurrence_key(row.campaign, row.occurrence_on),
                    f"「{watched.title(row.campaign)}」（{_day(row.occurrence_on)}分）で、{over}結果が分かった{ended:,}件の"
                    f"うち{errors:,}件（{errors / ended:.0%}）が受付拒否・送信エラー・不達です。",
                    "実行回の画面で理由の内訳を確かめ、原因が分かるまで続けてよいかを担当係と決めてください。",
                    f"runs/{row.campaign_run_id}", row.campaign,
                )  # fmt: skip
                break


def find_left_behind(watched: Watched) -> Iterator[Alert]:
    """Approved runs of which something is left, although its time is over."""
    for one in watched.past:
        if one.run and is_left_behind(one, watched.now):
            yield _of(AlertKind.RUN_LEFT_BEHIND, one, str(left_saying(one.run)), str(HAND_OVER))


def find_missed(watched: Watched) -> Iterator[Alert]:
    """Occurrences that should have run and have not."""
    for one in watched.past:
        if one.is_missed:
            yield _of(AlertKind.OCCURRENCE_MISSED, one, one.sentence, one.action)


def find_waiting_approvals(watched: Watched) -> Iterator[Alert]:
    """Runs that still wait for a decision, some hours before they expire."""
    campaigns = {campaign.name: campaign for campaign in watched.campaigns}
    for one in watched.past:
        if one.standing is not Standing.AWAITS_APPROVAL or not one.run or not one.run.composed_at:
            continue
        until = answer_until(campaigns[one.campaign], watched.city, one.run.composed_at)
        if until - watched.now <= timedelta(hours=watched.limits.approval_hours_left):
            yield _of(
                AlertKind.APPROVAL_WAITING, one,
                f"{one.run.in_line:,}件の送信が、まだ承認されていません。{moment_in_words(until)}を過ぎると送信されません。",
                "承認者に連絡してください。内容は実行回の画面、承認は Airflow の「④ 承認」です。",
            )  # fmt: skip


def find_expired_approvals(watched: Watched) -> Iterator[Alert]:
    """Runs that ended because nobody decided in time."""
    binds = {
        "campaigns": [campaign.name for campaign in watched.campaigns],
        "since": watched.now - EXPIRED_WITHIN,
    }
    with watched.engine.connect() as connection:
        rows = connection.execute(statement("alert/list_unanswered"), binds).all()
    for row in rows:
        yield Alert(
            AlertKind.APPROVAL_EXPIRED, _occurrence_key(row.campaign, row.occurrence_on),
            f"「{watched.title(row.campaign)}」（{_day(row.occurrence_on)}分）は、期限までに承認されなかったため、"
            f"{row.notices:,}件を送信せずに終了しました。",
            "担当係に知らせてください。引き続き対象の方には、次の予定日にお知らせします。",
            f"runs/{row.campaign_run_id}", row.campaign,
        )  # fmt: skip


def find_late_extracts(watched: Watched) -> Iterator[Alert]:
    """Extracts that have not arrived as the city expects them, or that an occurrence to come needs newer."""
    office, titles, measured_at = watched.city.office(), extract_titles(), _measured_at(watched)
    measures = [watched.limits.extracts, *_due_soon(watched)]
    newest = list_newest(watched.engine, {extract for allowed in measures for extract in allowed})
    stale_ones = [stale for allowed in measures for stale in find_stale(newest, allowed, titles, measured_at, office)]
    for stale in {stale.title: stale for stale in reversed(stale_ones)}.values():
        yield Alert(
            AlertKind.EXTRACT_LATE, stale.title, str(stale),
            "抽出ファイルが置かれたか、DAG「業務システムからの取込み」が動いているかを確かめ、業務システムの担当に"
            "連絡してください。",
        )  # fmt: skip


def _measured_at(watched: Watched) -> datetime:
    """Early in the day yesterday's measure holds: the extract of the night may still be on its way."""
    here = watched.now.astimezone(JST)
    if here.time() >= watched.limits.extracts_by:
        return watched.now
    return datetime.combine(here.date() - timedelta(days=1), time(12), JST)


def _due_soon(watched: Watched) -> list[Mapping[str, int]]:
    """What campaigns with an occurrence today or on the next business day allow; one that never ran is not in use."""
    used = {*list_first_runs(watched.engine)}
    soon = watched.city.office().add_business_days(watched.now.astimezone(JST).date(), 1)
    coming = list_campaigns(watched.now, {}, used & {campaign.name for campaign in watched.campaigns})
    return [
        one.campaign.freshness
        for one in coming
        if one.campaign and one.next and one.next[0].astimezone(JST).date() <= soon
    ]


def find_refused_files(watched: Watched) -> Iterator[Alert]:
    """Extract files of which nothing was loaded, and no newer one of the same extract since."""
    with watched.engine.connect() as connection:
        rows = connection.execute(statement("home/list_refused_files"), {"since": watched.now - REFUSED_WITHIN}).all()
    titles = extract_titles()
    for row in rows:
        # Neither its name nor the reason: they may quote what somebody wrote.
        what = f"「{titles.get(row.extract, row.extract)}」の" if row.file_name else "名前が決まりどおりでない"
        yield Alert(
            AlertKind.FILE_REFUSED, row.extract,
            f"{what}抽出ファイルを取り込めませんでした（{moment_in_words(row.refused_at)}）。",
            "理由は「お知らせ」のホームにあります。ファイルを直すか取り直して、もう一度置いてください。",
        )  # fmt: skip


def find_unknown(watched: Watched) -> Iterator[Alert]:
    """Notices of which nobody has known for hours whether they went out."""
    limit = timedelta(hours=watched.limits.unknown_hours)
    with watched.engine.connect() as connection:
        rows = connection.execute(statement("alert/list_unknown"), {"changed_before": watched.now - limit}).all()
    for row in rows:
        yield Alert(
            AlertKind.UNKNOWN_WAITING, _occurrence_key(row.campaign, row.occurrence_on),
            f"「{watched.title(row.campaign)}」（{_day(row.occurrence_on)}分）の{row.notices:,}件は、届いたかどうかが"
            f"{moment_in_words(row.earliest_at)}から分かっていません。",
            "「結果不明のお知らせ」で、再送するか送らないかを担当係が決めてください。自動では再送しません。",
            "undecided", row.campaign,
        )  # fmt: skip


def find_broken_settings(watched: Watched) -> Iterator[Alert]:
    """Mistakes in the settings, and holidays that are not known far enough ahead."""
    if count := len(watched.settings.problems):
        yield Alert(
            AlertKind.SETTINGS_BROKEN, "settings",
            f"設定ファイルに{count:,}件の誤りがあります。誤りのあるお知らせは実行されません。",
            "`oshirase check` で内容を確かめて、直してください。",
        )  # fmt: skip
    calendar = check_calendar(watched.settings.office, watched.now.astimezone(JST).date())
    if calendar.status is not Status.OK:
        yield Alert(
            AlertKind.SETTINGS_BROKEN,
            "holidays",
            "今後12か月の祝日が分からないため、予定日を決められません。",
            TO_DO_HOLIDAYS,
        )


def find_broken_dags(watched: Watched) -> Iterator[Alert]:
    """DAG files that cannot be read: what they do is not done."""
    for name, error in sorted(watched.read_dags().items()):
        yield Alert(
            AlertKind.DAG_BROKEN, name,
            f"DAG のファイル {name}.py を読み込めません（{error}）。",
            "Airflow の DAG 一覧の上にあるエラーと `oshirase check` を確かめてください。",
        )  # fmt: skip


def find_late_upkeep(watched: Watched) -> Iterator[Alert]:
    """DAGs that keep things in step and have not done so for long: paused, failing, or nobody runs them."""
    for name, beat in watched.heartbeats.items():
        if beat.late_at <= watched.now:
            yield _upkeep(name, f"DAG {name} が{moment_in_words(beat.beaten_at)}から正常に終わっていません。")
    if list_first_runs(watched.engine):
        for name in NEEDED_DAGS:
            if name not in watched.heartbeats:
                yield _upkeep(name, f"DAG {name} がまだ一度も正常に終わっていません。")


def _upkeep(name: str, sentence: str) -> Alert:
    to_do = (
        "Airflow で停止中（Paused）になっていないか、失敗していないか、スケジューラーとワーカーが動いているかを"
        "確かめてください。"
    )
    return Alert(AlertKind.UPKEEP_LATE, name, sentence, to_do)


# In the order in which their alerts are told.
RULES = (
    Rule(AlertKind.SENDING_LOCKED, find_sending_lock),
    Rule(AlertKind.BOOKINGS_NOT_CANCELLED, find_bookings_not_cancelled),
    Rule(AlertKind.GATEWAY_FAILING, find_failing_gateways),
    Rule(AlertKind.ERROR_RATE, find_error_rates),
    Rule(AlertKind.RUN_LEFT_BEHIND, find_left_behind),
    Rule(AlertKind.OCCURRENCE_MISSED, find_missed),
    Rule(AlertKind.APPROVAL_WAITING, find_waiting_approvals),
    Rule(AlertKind.APPROVAL_EXPIRED, find_expired_approvals),
    Rule(AlertKind.EXTRACT_LATE, find_late_extracts),
    Rule(AlertKind.FILE_REFUSED, find_refused_files),
    Rule(AlertKind.UNKNOWN_WAITING, find_unknown),
    Rule(AlertKind.SETTINGS_BROKEN, find_broken_settings),
    Rule(AlertKind.DAG_BROKEN, find_broken_dags),
    Rule(AlertKind.UPKEEP_LATE, find_late_upkeep),
)


def _of(kind: AlertKind, one: PastOccurrence, sentence: str, to_do: str) -> Alert:
    day = one.occurrence_at.astimezone(JST).date()
    place = f"runs/{one.campaign_run_id}" if one.campaign_run_id else f"campaigns/{one.campaign}?month={day:%Y-%m}"
    return Alert(
        kind,
        _occurrence_key(one.campaign, day),
        f"「{one.title}」（{_day(day)}分）: {sentence}",
        to_do,
        place,
        one.campaign,
    )


def _occurrence_key(campaign: str, day: date) -> str:
    return f"{campaign}/{day}"


def _day(day: date) -> str:
    return value_in_words(day)
