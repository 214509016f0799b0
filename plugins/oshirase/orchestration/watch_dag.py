"""The DAG that looks whether anything needs somebody, and tells whoever is on call."""

from datetime import timedelta

from airflow.configuration import conf
from airflow.sdk import DAG, Context, task

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import load_city
from oshirase.domain.campaign import Alerts
from oshirase.domain.gateway import GatewayError
from oshirase.errors import BadSettings, MissingSetting
from oshirase.orchestration.dag_files import read_dags
from oshirase.orchestration.heartbeat import beats
from oshirase.orchestration.hook import SmsGatewayHook
from oshirase.orchestration.metrics import set_gauges
from oshirase.orchestration.notifier import MAIL, WEBHOOK, list_ways, tell_watch_failed
from oshirase.orchestration.upkeep_dags import upkeep_dag
from oshirase.services.alert_book import list_open, tell
from oshirase.services.alerts import look
from oshirase.services.watch import Watched
from oshirase.web.app import URL_PREFIX

EVERY = timedelta(minutes=10)


def watch_dag(doc_md: str | None) -> DAG:
    """Look, then tell by each way in a task of its own: one that fails is tried again and holds up no other."""
    with upkeep_dag("watch", "監視と警報", EVERY, doc_md) as dag:
        look_at_everything() >> [tell_by_mail(), tell_by_webhook()]
    return dag


def _look_failed(context: Context) -> None:
    """No ledger, so nothing that remembers what was told: told at each failure, by whatever way works."""
    error = context.get("exception")
    tell_watch_failed(type(error).__name__ if error else "―")


@task(
    task_display_name="① 確かめる",
    on_success_callback=beats(timedelta(minutes=40)),
    on_failure_callback=_look_failed,
)
def look_at_everything() -> dict[str, int]:
    """How many alerts of each kind are open."""
    engine = campaign_engine()
    look(Watched(engine, clock.now(), probe, read_dags))
    set_gauges(engine, clock.now())
    counts: dict[str, int] = {}
    for kept in list_open(engine):
        counts[kept.kind] = counts.get(kept.kind, 0) + 1
    return counts


def probe(conn_id: str) -> GatewayError | MissingSetting | None:
    """Whether the gateway of an Airflow connection answers a harmless question."""
    try:
        with SmsGatewayHook(conn_id) as gateway:
            gateway.check()
    except (GatewayError, MissingSetting) as error:
        return error
    return None


# Also when the look failed: what it found before may still have to be told.
@task(task_display_name="② メールで知らせる", trigger_rule="all_done")
def tell_by_mail() -> dict[str, int]:
    """How many alerts were told of by e-mail."""
    return _tell(MAIL)


@task(task_display_name="③ ウェブフックで知らせる", trigger_rule="all_done")
def tell_by_webhook() -> dict[str, int]:
    """How many alerts were told of by the webhook."""
    return _tell(WEBHOOK)


def _tell(way: str) -> dict[str, int]:
    settings = _settings()
    send = list_ways(settings).get(way)
    if send is None:
        return {"told": 0}
    root = conf.get("api", "base_url", fallback="").rstrip("/")
    return {"told": tell(campaign_engine(), way, send, settings, clock.now(), f"{root}{URL_PREFIX}" if root else "")}


def _settings() -> Alerts:
    """The city's; the usual ones when its file is wrong, which is one of the alerts to be told by the webhook."""
    try:
        return load_city().alerts
    except BadSettings:
        return Alerts()
