"""What an upkeep DAG's main task leaves behind, so that one that was paused, fails or never runs is seen."""

from collections.abc import Callable
from datetime import timedelta

from airflow.sdk import Context

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.services.heartbeat import note_heartbeat


class Heartbeat:
    """For `on_success_callback` of the task that does a DAG's work: it is late when it does not again within a time."""

    def __init__(self, within: timedelta) -> None:
        self.within = within

    def __call__(self, context: Context) -> None:
        """Note it under the DAG's id."""
        note_heartbeat(campaign_engine(), context["ti"].dag_id, clock.now(), self.within)


def beats(within: timedelta) -> Callable[[Context], None]:
    """The DAG is late when this task does not succeed again within some time: three of its periods or more."""
    return Heartbeat(within)
