"""What Airflow shows when a settings file is wrong: the sentence, at the one DAG that it is about."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import BundleDagBag

from oshirase.adapters.paths import project_home
from oshirase.adapters.settings import campaign_names
from sandbox.stack.credentials import load_credentials
from sandbox.stack.environment import DatabaseUrls, build_environment
from sandbox.stack.folder import DataFolder
from sandbox.stack.ports import Ports

SETTING = "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACKS"
DAGS = {path.stem for path in (project_home() / "dags").glob("*.py")}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of settings and DAGs that a test may spoil, under the settings of Airflow that the stack has."""
    for folder in ("config", "include", "dags"):
        shutil.copytree(project_home() / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("OSHIRASE_HOME", str(tmp_path))
    monkeypatch.setenv(SETTING, environment(tmp_path / "data")[SETTING])
    return tmp_path


def environment(data: Path) -> dict[str, str]:
    folder, urls = DataFolder(data), DatabaseUrls("postgresql:///airflow", "postgresql:///records")
    folder.create()
    return build_environment(folder, Ports(8080, 8090, 1, 2), urls, load_credentials(folder), data / "dags")


def spoil(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def parsed(home: Path) -> BundleDagBag:
    """All DAG files, imported as Airflow's DAG processor does."""
    return BundleDagBag(dag_folder=home / "dags", bundle_path=home / "dags", bundle_name="dags", safe_mode=True)


def test_a_settings_file_that_is_wrong_breaks_its_own_dag_and_is_told_in_a_sentence(home: Path) -> None:
    spoil(home / "config" / "campaigns" / "plan_default.toml", "call_rate = 0.4", "call_rate = -1\nperhour = 3")
    bag = parsed(home)
    assert bag.import_errors == {
        "plan_default.py": "config/campaigns/plan_default.toml: pacing.call_rate: 0以上の数にしてください"
        "（現在の値: -1）。\nconfig/campaigns/plan_default.toml: pacing.perhour: "
        "このような項目はありません。もしかして per_hour ですか。"
    }
    assert set(bag.dag_ids) == DAGS - {"plan_default"}


def test_a_campaign_without_settings_is_told_in_a_sentence(home: Path) -> None:
    (home / "config" / "campaigns" / "plan_default.toml").unlink()
    bag = parsed(home)
    assert list(bag.import_errors) == ["plan_default.py"]
    assert bag.import_errors["plan_default.py"].startswith("config/campaigns/plan_default.toml: ファイルがありません。")


def test_the_citys_settings_break_all_campaigns_and_nothing_else(home: Path) -> None:
    spoil(home / "config" / "city.toml", 'opens = "09:00"', 'opens = "18:00"')
    bag = parsed(home)
    sentence = "config/city.toml: send_window: opens は closes より早い時刻にしてください。"
    assert bag.import_errors == {f"{name}.py": sentence for name in campaign_names()}
    assert set(bag.dag_ids) == DAGS - set(campaign_names())


def test_an_extract_that_is_wrong_breaks_no_campaign(home: Path) -> None:
    spoil(home / "config" / "extracts" / "payments.toml", 'mode = "snapshot"', 'mode = "whole"')
    assert not set(parsed(home).import_errors) & {f"{name}.py" for name in campaign_names()}


def test_without_the_setting_staff_would_see_a_traceback(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING)
    spoil(home / "config" / "campaigns" / "plan_default.toml", "call_rate = 0.4", "call_rate = -1")
    assert "Traceback" in parsed(home).import_errors["plan_default.py"]


def test_the_containers_have_the_same_setting() -> None:
    compose = (project_home() / "docker-compose.yaml").read_text(encoding="utf-8")
    assert f'    {SETTING}: "False"\n' in compose
