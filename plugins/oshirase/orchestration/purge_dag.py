"""The DAG that takes personal data away when its retention ends, once a night."""

from airflow.sdk import DAG, get_current_context, task
from airflow.timetables.trigger import CronTriggerTimetable

from oshirase.adapters import clock
from oshirase.adapters.database import purge_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import load_city
from oshirase.orchestration.context import worker_name
from oshirase.orchestration.upkeep_dags import upkeep_dag
from oshirase.services.purge import Purge


def purge_personal_data_dag(doc_md: str | None) -> DAG:
    """What retention does not allow to keep any longer, at an hour when nobody sends."""
    nightly = CronTriggerTimetable("0 2 * * *", timezone="Asia/Tokyo")
    with upkeep_dag("purge_personal_data", "保存期間を過ぎた個人情報の削除", nightly, doc_md) as dag:
        purge_personal_data()
    return dag


@task(task_display_name="保存期間を過ぎた個人情報を削除する")
def purge_personal_data() -> dict[str, int]:
    """How many rows of each kind went."""
    by = worker_name(get_current_context())
    return dict(Purge(purge_engine(), load_city().retention, secret_key(), clock.now(), by).run())
