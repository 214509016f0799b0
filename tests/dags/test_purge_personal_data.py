"""The DAG that purges, under `dag.test()`."""

from collections.abc import Callable
from datetime import timedelta

from tests.dags.conftest import Airflow, DagRun
from tests.people import create_debtor
from tests.scene import OCCURRENCE, Scene
from tests.searching import places_of


def test_what_is_past_its_time_goes_and_nothing_of_it_is_in_airflow(
    scene: Scene, run_dag: Callable[..., DagRun], airflow: Airflow
) -> None:
    scene.clock.moment = OCCURRENCE - timedelta(days=400)
    residents = [create_debtor(scene.owner, resident_id=f"00731842{n:02d}") for n in range(3)]
    numbers = [str(number) for (number,) in scene.rows("select phone_e164 from records.contact")]
    scene.clock.moment = OCCURRENCE
    scene.send(scene.approved_run())
    scene.clock.advance(hours=6)
    scene.collect()
    with scene.owner.begin() as connection:
        connection.exec_driver_sql("set local session_replication_role = replica")
        for change in (
            "ledger.notice set state_changed_at = now() - interval '2 years'",
            "ledger.notice set scheduled_at = now() - interval '2 years'",
            "ledger.notice set sent_at = now() - interval '2 years', received_at = now() - interval '2 years'",
            "ledger.receipt set recorded_at = now() - interval '2 years'",
            "ledger.campaign_run set opened_at = now() - interval '2 years', composed_at = now() - interval '2 years'",
            "ledger.campaign_run set occurrence_on = current_date - 700",
        ):
            connection.exec_driver_sql(f"update {change}")
    run = run_dag("purge_personal_data")
    assert run.state == "success", run.output
    assert places_of(scene.owner, *residents, *numbers, schema="ledger") == []
    told = airflow.told() + run.output
    assert [value for value in (*residents, *numbers) if value in told] == []
    assert scene.rows("select kind, rows_count from ledger.purge where kind = 'subjects'") == [("subjects", 3)]
