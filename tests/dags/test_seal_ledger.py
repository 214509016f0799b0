"""The DAG that seals, under `dag.test()`: Airflow's database is the witness."""

from collections.abc import Callable

from sqlalchemy import text

from tests.dags.conftest import Airflow, DagRun
from tests.people import create_debtor
from tests.scene import Scene


def test_a_seal_that_was_cut_off_is_told_once(scene: Scene, run_dag: Callable[..., DagRun], airflow: Airflow) -> None:
    residents = [create_debtor(scene.owner, resident_id=f"00731842{n:02d}") for n in range(3)]
    scene.approved_run()
    first = run_dag("seal_ledger")
    assert first.state == "success", first.output
    assert scene.rows("select seq, table_name, rows_count from ledger.seal") == [
        (1, "approval", 1),
        (2, "notice_event", 3),
    ]
    ((head,),) = scene.rows("select encode(hash, 'hex') from ledger.seal where seq = 2")
    assert f"head of the seals: 2:{head}" in first.output + airflow.told()

    with scene.owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("delete from ledger.notice_event"))
        connection.execute(text("delete from ledger.seal where seq = 2"))
    second = run_dag("seal_ledger")
    assert second.state == "failed"
    assert "seal 2, which was there before, is gone" in second.output
    third = run_dag("seal_ledger")
    assert third.state == "success", third.output
    assert [resident for resident in residents if resident in airflow.told() + first.output] == []
