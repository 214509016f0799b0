"""The DAG that measures, under `dag.test()`."""

from collections.abc import Callable
from datetime import timedelta

from oshirase.domain.campaign import HoldOut
from tests.dags.conftest import Airflow, DagRun
from tests.people import create_debtor, create_load
from tests.scene import OCCURRENCE, Scene


def test_a_season_is_measured_and_only_counts_leave_the_records(
    scene: Scene, run_dag: Callable[..., DagRun], airflow: Airflow
) -> None:
    scene.campaign = scene.campaign.model_copy(update={"hold_out": HoldOut(share=0.5)})
    residents = [create_debtor(scene.owner, resident_id=f"00731842{n:02d}") for n in range(12)]
    scene.send(scene.approved_run())
    create_load(scene.owner, "payment", OCCURRENCE + timedelta(days=60))
    for measurements in (1, 1):
        run = run_dag("measure_outcomes")
        assert run.state == "success", run.output
        assert scene.rows("select count(*) from ledger.measurement") == [(measurements,)]
    ((counts, by),) = scene.rows("select counts::text, measured_by from ledger.measurement")
    assert by.startswith("measure_outcomes.measure_outcomes ")
    told = counts + airflow.told() + run.output
    assert [resident for resident in residents if resident in told] == []
