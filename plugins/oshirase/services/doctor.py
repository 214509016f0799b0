"""Doctor: whether everything that a run needs is there, each check with a sentence that says what to do."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from oshirase.adapters import drop_folder
from oshirase.adapters.database import (
    CAMPAIGN_ROLE,
    INGEST_ROLE,
    PURGE_ROLE,
    check_schema,
    create_records_engine,
    database_url,
    is_on_this_machine,
    is_verified,
)
from oshirase.adapters.gateways import console_csv
from oshirase.adapters.gateways.environment import account_in_environment, variable
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import extract_titles, load_console, load_ingest
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST, OfficeCalendar, UnknownYear
from oshirase.domain.campaign import Campaign
from oshirase.domain.gateway import GatewayError
from oshirase.domain.saying import in_japanese
from oshirase.errors import BadSettings, DatabaseUnreachable, MissingSetting, SchemaMismatch, UnsafeConnection
from oshirase.services.freshness import list_stale
from oshirase.services.gateway_check import check_connection, explain
from oshirase.services.sending_lock import find_lock
from oshirase.services.settings_check import SettingsCheck, check_columns

DAYS_AHEAD = 366


class Status(StrEnum):
    """How a check ended: with a warning runs still start, with a failure something does not work."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Check:
    """One check: `name` for programs, `title` and `sentence` for staff."""

    name: str
    title: str
    status: Status
    sentence: str


def examine(settings: SettingsCheck, now: datetime) -> list[Check]:
    """Everything, in the order in which it is mended."""
    return [
        check_settings(settings),
        check_secret(),
        check_calendar(settings.office, now.astimezone(JST).date()),
        *check_database(settings, now),
        *check_gateways(settings.campaigns),
        *check_folders(settings.campaigns),
    ]


def check_settings(settings: SettingsCheck) -> Check:
    """Settings files and texts."""
    if count := len(settings.problems):
        sentence = f"{count}件の誤りがあります。`oshirase check` で内容を確かめて、直してください。"
        return Check("settings", "設定", Status.FAILURE, sentence)
    return Check("settings", "設定", Status.OK, f"{len(settings.campaigns)}件のお知らせと文面に誤りはありません。")


def check_secret() -> Check:
    """The key of digests and of the draw of arms."""
    try:
        secret_key()
    except MissingSetting as error:
        return Check("secret_key", "秘密鍵", Status.FAILURE, f"環境変数を設定してください（{error}）。")
    return Check("secret_key", "秘密鍵", Status.OK, "設定されています。変えずに使い続けてください。")


def check_calendar(office: OfficeCalendar, today: date) -> Check:
    """Whether the holidays of the next twelve months are known."""
    try:
        for days in range(DAYS_AHEAD):
            office.is_open(today + timedelta(days=days))
    except UnknownYear as error:
        sentence = f"今後12か月の祝日が分かりません。ライブラリ holidays を更新してください（{error}）。"
        return Check("calendar", "開庁日", Status.FAILURE, sentence)
    return Check("calendar", "開庁日", Status.OK, "今後12か月の祝日が分かっています。")


def check_database(settings: SettingsCheck, now: datetime) -> Iterator[Check]:
    """The database, and when it answers what lies in it."""
    yield from (reach := list(check_reach()))
    if any(check.status is Status.FAILURE for check in reach):
        return
    url = database_url()
    yield check_login(create_records_engine(url))
    yield check_role("role_ingest", create_records_engine(url, INGEST_ROLE), INGEST_ROLE, {"writes_records"})
    yield check_role("role_purge", create_records_engine(url, PURGE_ROLE), PURGE_ROLE, {"purges"})
    engine = create_records_engine(url, CAMPAIGN_ROLE)
    role = check_role("role_campaign", engine, CAMPAIGN_ROLE, {"reads_records", "writes_ledger"})
    yield role
    if role.status is Status.OK:
        yield _check_lock(engine)
        yield _check_layouts(engine, settings)
        yield from (_check_freshness(engine, campaign, settings.office, now) for campaign in settings.campaigns)
    engine.dispose()


def check_reach() -> Iterator[Check]:
    """Whether the database answers, with a schema that this version knows."""
    try:
        owner = create_records_engine(database_url())
        try:
            check_schema(owner)
        finally:
            owner.dispose()
    except (MissingSetting, DatabaseUnreachable) as error:
        sentence = f"接続できません。起動しているか、OSHIRASE_DATABASE_URL が正しいかを確かめてください（{error}）。"
        yield Check("database", "データベース", Status.FAILURE, sentence)
        return
    except SchemaMismatch as error:
        schema = f"このプログラムと合いません。`make migrate` か、プログラムの更新が必要です（{error}）。"
    except DBAPIError as error:
        reason = type(error.orig).__name__
        schema = f"読めません。接続するユーザーの権限を、データベースの管理者に確かめてください（{reason}）。"
    else:
        schema = ""
    status = Status.FAILURE if schema else Status.OK
    yield Check("database", "データベース", Status.OK, "接続できました。")
    yield check_encryption(database_url())
    yield Check("schema", "データベースの構成", status, schema or "このプログラムと合っています。")


def check_encryption(url: URL) -> Check:
    """Whether a database on another machine has to prove who it is."""
    name, title = "database_encryption", "データベースとの通信"
    if is_on_this_machine(url):
        return Check(name, title, Status.OK, "同じサーバーの中で通信しています。")
    if is_verified(url):
        return Check(name, title, Status.OK, "暗号化し、相手の証明書とホスト名を確かめています。")
    sentence = (
        "別のホストと、証明書を確かめずに通信しています。OSHIRASE_DATABASE_URL に "
        "?sslmode=verify-full&sslrootcert=（認証局の証明書ファイル） を加えてください。"
        "1台のホストの中だけのネットワーク（docker-compose.yaml の inside）なら、このままで構いません。"
    )
    return Check(name, title, Status.WARNING, sentence)


# What no service needs, as told to whoever is to take it away.
NEEDLESS = {
    "is_superuser": "スーパーユーザー",
    "owns_tables": "表の所有者",
    "makes_roles": "CREATEROLE",
    "passes_row_security": "BYPASSRLS",
    "replicates": "REPLICATION",
}


def check_login(engine: Engine) -> Check:
    """Whether our user may do more than any service needs; to do what its roles may not, it need only ask."""
    try:
        with engine.connect() as connection:
            found = connection.execute(statement("login/check_login")).one()._mapping
    finally:
        engine.dispose()
    title = "接続するユーザー"
    if needless := [word for right, word in NEEDLESS.items() if found[right]]:
        sentence = (
            f"ユーザー {found['login']} の権限が強すぎます（{'、'.join(needless)}）。記録を書き換えられるため、"
            "本番では `oshirase migrate --service-user` で作ったユーザーで接続してください。"
        )
        return Check("login", title, Status.WARNING, sentence)
    return Check("login", title, Status.OK, f"ユーザー {found['login']} に余分な権限はありません。")


def check_role(name: str, engine: Engine, role: str, needed: set[str]) -> Check:
    """Whether our user may act as a role, and the role do what it is for."""
    title = f"権限（{role}）"
    try:
        with engine.connect() as connection:
            rights = connection.execute(statement("ledger/check_rights")).one()._mapping
    except OperationalError:
        sentence = f"この役割を使えません。データベースの管理者に `grant {role}` を依頼してください。"
        return Check(name, title, Status.FAILURE, sentence)
    finally:
        engine.dispose()
    if lacking := sorted(right for right in needed if not rights[right]):
        sentence = f"権限が足りません（{', '.join(lacking)}）。`make migrate` を実行してください。"
        return Check(name, title, Status.FAILURE, sentence)
    return Check(name, title, Status.OK, "使えます。")


def _check_lock(engine: Engine) -> Check:
    if lock := find_lock(engine):
        return Check("sending_lock", "送信の一時停止", Status.FAILURE, in_japanese((*lock.said, *lock.to_do)))
    return Check("sending_lock", "送信の一時停止", Status.OK, "止めていません。")


def _check_layouts(engine: Engine, settings: SettingsCheck) -> Check:
    if problems := check_columns(engine, settings.layouts):
        return Check("layouts", "取込みの項目", Status.FAILURE, "".join(problems))
    return Check("layouts", "取込みの項目", Status.OK, "データベースの列と合っています。")


def _check_freshness(engine: Engine, campaign: Campaign, office: OfficeCalendar, now: datetime) -> Check:
    title = f"記録の鮮度（{campaign.name}）"
    try:
        stale = list_stale(engine, campaign.freshness, extract_titles(), now, office)
    except UnknownYear as error:
        return Check(f"freshness_{campaign.name}", title, Status.FAILURE, f"確かめられません（{error}）。")
    if stale:
        sentence = f"{''.join(map(str, stale))}取り込まれるまで、実行は送信せずに待ちます。"
        return Check(f"freshness_{campaign.name}", title, Status.WARNING, sentence)
    return Check(f"freshness_{campaign.name}", title, Status.OK, "必要な記録がそろっています。")


def check_gateways(campaigns: Sequence[Campaign]) -> Iterator[Check]:
    """A real call over each connection that a campaign sends by."""
    for conn_id in sorted({c.sending.gateway_conn_id for c in campaigns if c.sending.hand_over == "api"}):
        yield check_gateway(conn_id)


def check_gateway(conn_id: str) -> Check:
    """One message of the gateway's list asked for, with the account that the environment holds."""
    name, title = f"gateway_{conn_id}", f"ゲートウェイ（{conn_id}）"
    try:
        account = account_in_environment(conn_id)
    except MissingSetting as error:
        return Check(name, title, Status.FAILURE, f"接続の設定を直してください（{error}）。")
    if account is None:
        sentence = (
            f"環境変数 {variable(conn_id)} がないため、ここからは確かめられません。"
            f"Airflow の Admin > Connections で {conn_id} を開き、Test ボタンで確かめてください。"
        )
        return Check(name, title, Status.WARNING, sentence)
    try:
        check_connection(conn_id, account)
    except (GatewayError, UnsafeConnection) as error:
        told = explain(error).replace(account.token, "…")
        if told == str(error):
            told = f"URL・テナント ID・アクセストークンを確かめてください（{told}）。"
        return Check(name, title, Status.FAILURE, f"つながりません。{told}")
    return Check(name, title, Status.OK, "つながりました。URL・テナント ID・アクセストークンは正しく設定されています。")


def check_folders(campaigns: Sequence[Campaign]) -> Iterator[Check]:
    """The folders shared with staff and with the business system."""
    try:
        folders = load_ingest().folders.model_dump().values()
        yield _check_folder("extract_folder", "取込みのフォルダ", drop_folder.SETTING, folders, is_needed=False)
        for console in sorted({c.sending.console for c in campaigns if c.sending.console}):
            folders = load_console(console).folders.model_dump().values()
            yield _check_folder(f"console_folder_{console}", "コンソールのフォルダ", console_csv.SETTING, folders)
    except BadSettings:
        return  # check_settings says so


def _check_folder(name: str, title: str, setting: str, folders: Iterable[str], *, is_needed: bool = True) -> Check:
    root = os.environ.get(setting, "")
    if not root:
        status = Status.FAILURE if is_needed else Status.WARNING
        return Check(name, title, status, f"環境変数 {setting} がありません。使うときは、フォルダを指定してください。")
    for path in (Path(root), *(Path(root, folder) for folder in folders)):
        # Those inside are made when they are needed.
        if path.exists() or path == Path(root):
            if not path.is_dir():
                return Check(name, title, Status.FAILURE, f"フォルダ {path} がありません。作成してください。")
            if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                sentence = f"フォルダ {path} に書き込めません。権限を直してください。"
                return Check(name, title, Status.FAILURE, sentence)
    return Check(name, title, Status.OK, f"{root} に書き込めます。")
