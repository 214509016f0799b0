"""What every DAG of ours owes to staff and to whoever is on call."""

import importlib.util
import re
import shutil
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from airflow.sdk import DAG

from oshirase.adapters.paths import project_home
from oshirase.adapters.settings import campaign_names
from oshirase.errors import UnknownCampaign
from oshirase.orchestration.campaign_dag import campaign_dag
from oshirase.orchestration.heartbeat import Heartbeat

FILES = sorted((project_home() / "dags").glob("*.py"))
CAMPAIGNS = campaign_names()
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture(scope="module")
def dag(path: Path) -> DAG:
    found = [value for value in vars(load(path)).values() if isinstance(value, DAG)]
    assert len(found) == 1, "one DAG a file"
    return found[0]


def test_the_file_is_found_by_airflows_safe_mode(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()
    assert "airflow" in text
    assert "dag" in text


def test_the_file_reads_in_one_screen(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 40


def test_the_dag_is_called_as_its_file(path: Path, dag: DAG) -> None:
    assert dag.dag_id == path.stem


def test_staff_read_japanese(dag: DAG) -> None:
    assert JAPANESE.search(dag.dag_display_name)
    assert JAPANESE.search(dag.doc_md or "")
    for task in dag.tasks:
        assert JAPANESE.search(task.task_display_name), task.task_id


def test_the_run_book_page_says_how_to_run_it_again(dag: DAG) -> None:
    assert "**やり直し**" in (dag.doc_md or "")


def test_nothing_is_sent_because_a_dag_appeared(dag: DAG) -> None:
    assert dag.is_paused_upon_creation
    assert not dag.catchup


def test_it_has_an_owner_and_tags(dag: DAG) -> None:
    assert dag.tags
    assert all(task.owner not in {"airflow", ""} for task in dag.tasks)


def test_every_task_is_retried(dag: DAG) -> None:
    """Questions too: a scheduler that takes an early answer for a crash asks again instead of failing the run."""
    assert [task.task_id for task in dag.tasks if not task.retries] == []


def test_so_many_batches_at_once_as_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("config", "include"):
        shutil.copytree(project_home() / folder, tmp_path / folder)
    settings = tmp_path / "config" / "campaigns" / "nhi_overdue.toml"
    monkeypatch.setenv("OSHIRASE_HOME", str(tmp_path))

    def at_once() -> int | None:
        limit: int | None = campaign_dag("nhi_overdue", "doc").get_task("send").max_active_tis_per_dagrun
        return limit

    assert at_once() == 4
    settings.write_text(settings.read_text(encoding="utf-8").replace("[sending]", "[sending]\nat_once = 7"), "utf-8")
    assert at_once() == 7


def test_upkeep_that_stops_is_seen(dag: DAG) -> None:
    beating = [task for task in dag.tasks if any(isinstance(one, Heartbeat) for one in task.on_success_callback)]
    assert len(beating) == ("upkeep" in dag.tags)
    assert all(task.on_success_callback[0].within >= timedelta(minutes=30) for task in beating)


def test_every_campaign_has_a_dag() -> None:
    assert set(CAMPAIGNS) <= {path.stem for path in FILES}


def test_the_readme_lists_the_dags() -> None:
    readme = (project_home() / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", readme, re.MULTILINE))
    assert listed == {path.stem for path in FILES}


def test_a_broken_settings_file_breaks_only_its_own_dag(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without = shutil.ignore_patterns("campaigns")
    shutil.copytree(project_home() / "config", tmp_path / "config", ignore=without)
    monkeypatch.setenv("OSHIRASE_HOME", str(tmp_path))
    broken = {path.stem for path in FILES if path.stem in CAMPAIGNS}
    for path in FILES:
        if path.stem in broken:
            with pytest.raises(UnknownCampaign, match=path.stem):
                load(path)
        else:
            load(path)


def test_dags_import_without_a_database(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.delenv("OSHIRASE_DATABASE_URL", raising=False)
    load(path)
