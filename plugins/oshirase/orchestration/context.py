"""What our tasks read from Airflow's context."""

from datetime import date
from typing import Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException

from oshirase.services.approval import Person

NOBODY = {"", "Anonymous", "anonymous"}


def named_day(context: Context) -> date | None:
    """The occurrence that a person named in the trigger form (param `occurrence_on`, a JST date); None: not named."""
    named = context["params"].get("occurrence_on")
    return date.fromisoformat(str(named)) if named else None


def covered_days(context: Context) -> list[date]:
    """Other occurrences (JST dates) that this run plans too, so that one approval can decide on all of them.

    `oshirase backfill` names them in the configuration of the runs that it has Airflow make.
    """
    named = (context["dag_run"].conf or {}).get("covers") or []
    return [date.fromisoformat(str(day)) for day in named]


def worker_name(context: Context) -> str:
    """Who changed a notice's state, for the event log: the task instance with its map index and try."""
    ti = context["ti"]
    mapped = f"[{ti.map_index}]" if ti.map_index is not None and ti.map_index >= 0 else ""
    return f"{ti.dag_id}.{ti.task_id}{mapped} {ti.run_id} try {ti.try_number}"


def asked_by(context: Context) -> tuple[str, str] | None:
    """Who asked for this run, and how (`triggered`, `backfilled`); None: the timetable did."""
    run = context["dag_run"]
    kind = {"manual": "triggered", "backfill": "backfilled"}.get(str(getattr(run.run_type, "value", run.run_type)))
    who = str(run.triggering_user_name or "")
    return (who, kind) if kind and who not in NOBODY else None


def answered_by(answer: Any) -> Person:
    """The person who answered a human-in-the-loop task.

    Raises:
        AirflowFailException: nobody in particular answered.
    """
    user = answer["responded_by_user"] or {}
    by = str(user.get("id") or "")
    if by in NOBODY or str(user.get("name") or by) in NOBODY:
        raise AirflowFailException(
            "回答した職員を確認できないため、受け付けません。職員としてログインして回答してください。"
        )
    return Person(by, str(user.get("name") or by))
