"""The DAG that measures what the messages changed, once a day."""

from datetime import timedelta

from airflow.sdk import DAG, get_current_context, task
from airflow.timetables.trigger import CronTriggerTimetable

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import campaign_names, load_campaign, load_city
from oshirase.errors import BadSettings
from oshirase.orchestration.context import worker_name
from oshirase.orchestration.heartbeat import beats
from oshirase.orchestration.upkeep_dags import upkeep_dag
from oshirase.services import measurement


def measure_outcomes_dag(doc_md: str | None) -> DAG:
    """Every campaign's seasons measured anew, before the office opens."""
    daily = CronTriggerTimetable("30 6 * * *", timezone="Asia/Tokyo")
    with upkeep_dag("measure_outcomes", "効果の測定", daily, doc_md) as dag:
        measure_outcomes()
    return dag


@task(task_display_name="効果を集計する", on_success_callback=beats(timedelta(hours=27)))
def measure_outcomes() -> dict[str, int]:
    """How many seasons of each campaign are told otherwise than before; the settings of one do not stop the others.

    Raises:
        BadSettings: those of a campaign, after the others were measured.
    """
    engine, city, by = campaign_engine(), load_city(), worker_name(get_current_context())
    told, wrong = {}, []
    for name in campaign_names():
        try:
            told[name] = measurement.measure_campaign(engine, load_campaign(name), city, clock.now(), by)
        except BadSettings as error:
            wrong.append(str(error))
    if wrong:
        raise BadSettings("\n".join(wrong))
    return told
