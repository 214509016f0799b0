"""What our tasks read from Airflow's context."""

from datetime import date
from typing import Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException

NOBODY = {"", "Anonymous", "anonymous"}


def named_day(context: Context) -> date | None:
    """The occurrence that a person named in the trigger form (param `occurrence_on`, a JST date); None: not named."""
    named = context["params"].get("occurrence_on")
    return date.fromisoformat(str(named)) if named else None


def worker_name(context: Context) -> str:
    """Who changed a notice's state, for the event log: the task instance with its map index and try."""
    ti = context["ti"]
    mapped = f"[{ti.map_index}]" if ti.map_index is not None and ti.map_index >= 0 else ""
    return f"{ti.dag_id}.{ti.task_id}{mapped} {ti.run_id} try {ti.try_number}"


def answered_by(answer: Any) -> str:
    """User id of the person who answered a human-in-the-loop task: the name that the ledger keeps.

    Raises:
        AirflowFailException: nobody in particular answered.
    """
    user = answer["responded_by_user"] or {}
    if (by := str(user.get("id") or "")) in NOBODY:
        raise AirflowFailException(
            "回答した職員を確認できないため、受け付けません。職員としてログインして回答してください。"
        )
    return by
