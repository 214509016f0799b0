"""Airflow's REST API, as far as a backfill needs it: as a named member of staff, every error one sentence for them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from oshirase.domain.calendar import JST
from oshirase.errors import MissingSetting, OshiraseError

URL, USER, PASSWORD = "OSHIRASE_AIRFLOW_URL", "OSHIRASE_AIRFLOW_USER", "OSHIRASE_AIRFLOW_PASSWORD"
CHECK_ACCOUNT = f"{USER} と {PASSWORD} を確かめてください"
MAYBE_CREATED = (
    "バックフィルが作成された可能性があります。Airflow の画面で確かめてから、やり直してください"
    "（二度実行しても、同じ方に二度送ることはありません）"
)
# To connect, and of silence. Creating a backfill makes all of its runs before it answers.
TIMEOUT_SECONDS = (5.0, 60.0)
PAGE_SIZE = 100


class AirflowError(OshiraseError):
    """Airflow refused, or did not answer; nothing was created."""


class AirflowUnsure(AirflowError):
    """The answer was lost on the way: a backfill may have been created."""


@dataclass(frozen=True)
class AirflowAccount:
    """Where Airflow is, and as whom it is asked."""

    url: str
    user: str
    password: str = field(repr=False)


def airflow_in_environment() -> AirflowAccount:
    """Airflow's address and our account there, from the environment.

    Raises:
        MissingSetting: a variable is not set, or the address is none; the password is not quoted.
    """
    values = {name: os.environ.get(name, "") for name in (URL, USER, PASSWORD)}
    if missing := [name for name, value in values.items() if not value]:
        raise MissingSetting(
            f"環境変数 {'、'.join(missing)} がありません。Airflow の URL・ユーザー名・パスワードを設定してください"
        )
    parts = urlsplit(values[URL])
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise MissingSetting(
            f"環境変数 {URL} は https://airflow.example のように書いてください（ユーザー名とパスワードは含めません）"
        )
    return AirflowAccount(values[URL].rstrip("/"), values[USER], values[PASSWORD])


class AirflowApi:
    """A client for one member of staff; a token is asked for once. Every method raises `AirflowError`."""

    def __init__(self, account: AirflowAccount) -> None:
        self._account = account
        self._session = requests.Session()
        # Also without a token: else requests would put a password of ~/.netrc in its place.
        self._session.auth = self._sign
        self._token = ""

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()

    def is_paused(self, dag_id: str) -> bool:
        """`GET /dags/{id}`: a paused DAG gets a backfill's runs, and does not start them."""
        return bool(self._value(self._call("GET", _dag(dag_id), dag_id), "is_paused"))

    def list_runs(self, dag_id: str, first: datetime, last: datetime) -> dict[datetime, str]:
        """`GET /dags/{id}/dagRuns`: state by logical date, from `first` to `last`, both included."""
        found: dict[datetime, str] = {}
        query: dict[str, str | int] = {
            "logical_date_gte": _iso(first),
            "logical_date_lte": _iso(last),
            "limit": PAGE_SIZE,
        }
        # Every logical date has one run only.
        while True:
            page = self._call("GET", f"{_dag(dag_id)}/dagRuns", dag_id, query={**query, "offset": len(found)})
            runs = self._value(page, "dag_runs")
            found |= {datetime.fromisoformat(run["logical_date"]): str(run["state"]) for run in runs}
            # An Airflow may give fewer at once than it is asked for.
            if not runs:
                return found

    def list_new_dates(self, dag_id: str, occurrences: Sequence[datetime]) -> list[datetime]:
        """`POST /backfills/dry_run`: the logical dates for which a backfill would make runs."""
        answer = self._call("POST", "backfills/dry_run", dag_id, body=_backfill(dag_id, occurrences))
        return [datetime.fromisoformat(run["logical_date"]) for run in self._value(answer, "backfills")]

    def create_backfill(self, dag_id: str, occurrences: Sequence[datetime]) -> int:
        """`POST /backfills`: runs for the occurrences that have none, and for those between; one approval covers them.

        Returns:
            Airflow's number of the backfill.

        Raises:
            AirflowUnsure: the answer was lost, so that it may have been created.
        """
        answer = self._call("POST", "backfills", dag_id, body=_backfill(dag_id, occurrences), creates=True)
        return int(self._value(answer, "id"))

    def _call(
        self,
        method: str,
        path: str,
        dag_id: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str | int] | None = None,
        creates: bool = False,
    ) -> dict[str, Any]:
        if not self._token:
            self._log_in()
        answer = self._ask(method, f"/api/v2/{path}", creates=creates, json=body, params=query)
        if creates and answer.status_code >= requests.codes.server_error:
            raise AirflowUnsure(f"Airflow が {answer.status_code} を返しました。{MAYBE_CREATED}")
        if not answer.ok or answer.is_redirect:
            raise AirflowError(self._refusal(answer, dag_id))
        return self._read(answer)

    def _log_in(self) -> None:
        account = {"username": self._account.user, "password": self._account.password}
        answer = self._ask("POST", "/auth/token", json=account)
        if answer.status_code in {requests.codes.unauthorized, requests.codes.forbidden}:
            raise AirflowError(f"Airflow にログインできません（ユーザー {self._account.user}）。{CHECK_ACCOUNT}")
        if not answer.ok or answer.is_redirect:
            raise AirflowError(
                f"{self._account.url} の /auth/token が {answer.status_code} を返しました。"
                f"{URL} が Airflow 3 の API サーバーのアドレスかを確かめてください"
            )
        self._token = str(self._value(self._read(answer), "access_token"))

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def _ask(self, method: str, path: str, *, creates: bool = False, **content: Any) -> requests.Response:
        try:
            # A redirect would carry the password to another address, or turn a POST into a GET.
            return self._session.request(
                method, f"{self._account.url}{path}", timeout=TIMEOUT_SECONDS, allow_redirects=False, **content
            )
        except requests.RequestException as error:
            # Its own words may quote the request.
            told = f"{self._account.url} の Airflow が応答しません（{type(error).__name__}）。"
            if creates and not isinstance(error, requests.ConnectTimeout):
                raise AirflowUnsure(f"{told}{MAYBE_CREATED}") from None
            raise AirflowError(f"{told}API サーバーが起動しているか、{URL} が正しいかを確かめてください") from None

    def _read(self, answer: requests.Response) -> dict[str, Any]:
        """The answer's JSON object; without fields when it is none."""
        try:
            content = answer.json()
        except requests.JSONDecodeError:
            return {}
        return content if isinstance(content, dict) else {}

    def _value(self, content: Mapping[str, Any], name: str) -> Any:
        if name not in content:
            raise AirflowError(
                f"{self._account.url} の返答を読み取れません。{URL} が Airflow のアドレスかを確かめてください"
            )
        return content[name]

    def _refusal(self, answer: requests.Response, dag_id: str) -> str:
        match answer.status_code:
            case requests.codes.unauthorized:
                return f"Airflow がログインを受け付けません（ユーザー {self._account.user}）。{CHECK_ACCOUNT}"
            case requests.codes.forbidden:
                return (
                    f"ユーザー {self._account.user} には {dag_id} のバックフィルを扱う権限がありません。"
                    "Airflow の管理者に権限を依頼してください"
                )
            case requests.codes.not_found:
                return (
                    f"Airflow に DAG {dag_id} がありません。dags フォルダと DAG プロセッサー、"
                    "Airflow の画面の Import Errors を確かめてください"
                )
            case requests.codes.conflict:
                return (
                    f"{dag_id} のバックフィルがほかに実行中です（1つの DAG に1つだけです）。"
                    "Airflow で、その実行の承認を済ませるか、バックフィルを取り消してから、やり直してください"
                )
            case requests.codes.unprocessable_entity | requests.codes.bad_request:
                return f"Airflow がこの期間のバックフィルを受け付けません（{_detail(answer)}）"
        return f"Airflow が {answer.status_code} を返しました。しばらくしてからやり直してください（{_detail(answer)}）"


def _backfill(dag_id: str, covers: Sequence[datetime]) -> Mapping[str, object]:
    first, last = min(covers), max(covers)
    return {
        "dag_id": dag_id,
        # With an offset: without one Airflow would take them for UTC.
        "from_date": _iso(first),
        "to_date": _iso(last),
        # The latest first: whom it reminds is not reminded of older instalments any more.
        "run_backwards": True,
        # Never clear a run that there is: it may wait for an approval, or be sending.
        "reprocess_behavior": "none",
        # A run that waits for its approval holds a slot until it is answered: the first one asks for all of them.
        "max_active_runs": 1,
        "dag_run_conf": {"covers": [moment.astimezone(JST).date().isoformat() for moment in covers]},
    }


def _dag(dag_id: str) -> str:
    return f"dags/{quote(dag_id, safe='')}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(JST).isoformat()


def _detail(answer: requests.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
    return str(detail)[:200]
