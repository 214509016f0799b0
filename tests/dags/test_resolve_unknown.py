"""The DAG of unknown outcomes: a person is asked, the word is kept with the name, what was released goes out."""

from collections.abc import Callable

import pytest

from oshirase.services.unknown import SETTLING
from tests.dags.conftest import DagRun
from tests.scene import Scene
from tests.services.test_unknown import run_with_lost_answer


@pytest.mark.parametrize(
    ("option", "state", "messages"),
    [
        ("すべて再送する", "accepted", [1]),
        ("すべて送らない", "unknown/left", []),
        ("あとで決める", "unknown/not_found", []),
    ],
)
def test_a_person_decides_for_all(
    scene: Scene, run_dag: Callable[..., DagRun], option: str, state: str, messages: list[int]
) -> None:
    run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    run = run_dag("resolve_unknown", ["suzuki", option, {}])
    assert run.state == "success"
    assert "1件を再送しますか" in run.pages[0][0]
    assert "国民健康保険料 納付確認のお知らせ" in run.pages[0][1]
    assert scene.states() == {state: 1}
    assert list(scene.accepted_per_number().values()) == messages
    if option != "あとで決める":
        assert ("suzuki",) in scene.rows("select changed_by from ledger.notice_event")


def test_what_is_found_asks_nobody(scene: Scene, run_dag: Callable[..., DagRun]) -> None:
    run_with_lost_answer(scene, accepted=True)
    scene.clock.moment += SETTLING
    run = run_dag("resolve_unknown")
    assert run.pages == []
    assert scene.states() == {"accepted": 1}
