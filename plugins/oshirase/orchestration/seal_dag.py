"""The DAG that seals the ledger; Airflow's own database and logs are the witness of the newest seal."""

import logging
from datetime import timedelta

from airflow.sdk import DAG, Variable, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.domain.seal import Head
from oshirase.orchestration.context import worker_name
from oshirase.orchestration.heartbeat import beats
from oshirase.orchestration.upkeep_dags import upkeep_dag
from oshirase.services import seals

WITNESS = "oshirase_seal_head"

log = logging.getLogger(__name__)


def seal_ledger_dag(doc_md: str | None) -> DAG:
    """The event log and the approvals closed with keyed hashes, every five minutes."""
    with upkeep_dag("seal_ledger", "台帳の封印", timedelta(minutes=5), doc_md) as dag:
        seal_ledger()
    return dag


@task(task_display_name="記録を封印する", on_success_callback=beats(timedelta(minutes=30)))
def seal_ledger() -> dict[str, int]:
    """How many rows of each table were sealed.

    Raises:
        AirflowFailException: the chain is broken, or the seal that Airflow remembers is gone. Told once: what is there
            now is remembered from then on.
    """
    engine, by = campaign_engine(), worker_name(get_current_context())
    broken = _hold_against_witness()
    try:
        sealed = seals.seal_ledger(engine, secret_key(), clock.now(), by)
    except seals.BrokenChain as error:
        raise AirflowFailException(str(error)) from None
    if sealed.head:
        log.info("head of the seals: %s", sealed.head)
        Variable.set(WITNESS, str(sealed.head), description="最後の封印の控え。変更しないでください")
    if sealed.held_up:
        log.warning("left for the next time, because of transactions that still write: %s", ", ".join(sealed.held_up))
    if broken:
        raise AirflowFailException(broken)
    return dict(sealed.rows)


def _hold_against_witness() -> str | None:
    """What is wrong with the seal that was the newest one the last time."""
    if kept := Variable.get(WITNESS, default=None):
        try:
            seals.require_witness(campaign_engine(), Head.read(kept))
        except seals.BrokenChain as error:
            return str(error)
    return None
