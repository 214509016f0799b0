"""Metrics: the list is what documentation and code say, and all of it arrives at a real StatsD listener."""

import re
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

from oshirase.adapters.gateways.karaden import KaradenAccount, KaradenGateway
from oshirase.adapters.paths import project_home
from oshirase.domain.gateway import Refused
from oshirase.orchestration import metrics
from oshirase.orchestration.metrics import METRICS, Kind, Metric
from oshirase.services.campaign_run import count_notices
from tests.people import create_debtor, create_load
from tests.scene import BARE, Scene
from tests.services.test_unknown import run_with_lost_answer

ROW = re.compile(r"^\| `(oshirase\.[a-z_.]+)` \| (\w+) \| (\w+) \| ([^|]*) \|", re.MULTILINE)
SOURCES = project_home() / "plugins/oshirase/orchestration"
LETTERS = {Kind.COUNTER: "c", Kind.GAUGE: "g", Kind.TIMER: "ms"}


class Listener:
    """A StatsD server's ear."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.port = self._socket.getsockname()[1]

    def heard(self) -> list[str]:
        """Every line that has come so far."""
        lines: list[str] = []
        try:
            while True:
                lines += self._socket.recv(65536).decode().splitlines()
        except TimeoutError:
            return lines

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """Airflow's Stats as a task's process has them, sent to a listener on loopback."""
    listener = Listener()
    for name, value in {
        "STATSD_ON": "True", "STATSD_HOST": "127.0.0.1", "STATSD_PORT": str(listener.port),
        "STATSD_INFLUXDB_ENABLED": "True",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"AIRFLOW__METRICS__{name}", value)
    stats.initialize(factory=get_stats_factory(), export_legacy_names=True)
    yield listener
    monkeypatch.undo()
    stats.initialize(factory=get_stats_factory(), export_legacy_names=True)
    listener.close()


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Name, labels and type of `airflow.NAME,label=value:1|c`."""
    named, _, kind = line.rpartition("|")
    name, *labels = named.rpartition(":")[0].removeprefix("airflow.").split(",")
    return name, dict(label.split("=", 1) for label in labels), kind


def test_the_documentation_lists_what_there_is() -> None:
    documented = ROW.findall((project_home() / "docs/metrics.md").read_text(encoding="utf-8"))
    assert sorted(documented) == sorted(
        (one.name, one.kind, one.unit, ", ".join(f"`{label}`" for label in one.labels)) for one in METRICS
    )


def test_the_list_is_whole_and_all_of_it_is_sent() -> None:
    named = {name: value for name, value in vars(metrics).items() if isinstance(value, Metric)}
    assert set(named.values()) == set(METRICS)
    sources = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))
    calls = re.findall(r"\b(?:count|set_gauge|note_duration)\(\s*([A-Z_]+),", sources)
    assert set(calls) == set(named)
    assert "stats." not in sources.replace((SOURCES / "metrics.py").read_text(encoding="utf-8"), "")


def test_a_label_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="has the labels"):
        metrics.count(metrics.EXTRACT_FILES, 1, file="a.csv")


def play(scene: Scene, listener: Listener) -> list[str]:
    """What is sent of a run with a lost answer, by the functions that the tasks call."""
    residents = [create_debtor(scene.owner, resident_id=f"00731842{n:02d}") for n in range(2)]
    create_load(scene.owner, "payment", scene.clock() - timedelta(hours=5))
    run = run_with_lost_answer(scene, accepted=False)
    metrics.count_planned("nhi_overdue", count_notices(scene.engine, run))
    metrics.count_changes("hand_over", {"unknown": 1, "accepted": 0})
    metrics.note_duration(metrics.PLANNING_DURATION, timedelta(seconds=2), campaign="nhi_overdue")
    metrics.count(metrics.EXTRACT_FILES, 1, outcome="loaded")
    gateway = KaradenGateway("karaden", scene.account(), on_call=lambda *call: metrics.note_call("karaden", *call))
    gateway.check()
    gateway.close()
    metrics.set_gauges(scene.engine, scene.clock())
    assert residents
    return listener.heard()


def test_every_one_arrives_with_its_type_and_its_labels(scene: Scene, listener: Listener) -> None:
    heard = {name: (labels, kind) for name, labels, kind in map(parsed, play(scene, listener))}
    assert {name for name in heard if name.startswith("oshirase.")} == {one.name for one in METRICS}
    for one in METRICS:
        labels, kind = heard[one.name]
        assert (set(labels), kind) == (set(one.labels), LETTERS[one.kind]), one.name


def test_what_arrives_says_what_is_the_matter_and_names_nobody(scene: Scene, listener: Listener) -> None:
    lines = play(scene, listener)
    assert "airflow.oshirase.unknown.waiting:1|g" in lines
    assert "airflow.oshirase.extracts.age,extract=payment:18000.0|g" in lines
    assert "airflow.oshirase.gateway.calls,gateway=karaden,call=list,outcome=answered:1|c" in lines
    told = "\n".join(lines)
    numbers = [number for (number,) in scene.rows("select phone_e164 from records.contact")]
    residents = [resident for (resident,) in scene.rows("select resident_id from records.resident")]
    runs = [str(run) for (run,) in scene.rows("select campaign_run_id from ledger.campaign_run")]
    assert len(numbers) == len(residents) == 3
    assert [value for value in (*numbers, *residents, *runs) if value in told] == []


def test_a_gateway_that_refuses_is_counted_as_such(scene: Scene, listener: Listener) -> None:
    account = KaradenAccount(scene.running.base_url, scene.running.tenant, "wrong", 1, trust=BARE)
    gateway = KaradenGateway("karaden", account, on_call=lambda *call: metrics.note_call("karaden", *call))
    with pytest.raises(Refused):
        gateway.check()
    gateway.close()
    assert "airflow.oshirase.gateway.calls,gateway=karaden,call=list,outcome=refused:1|c" in listener.heard()
