"""The bill of materials says what the lock says, in a form that others can read."""

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.lock import ROOT, BadLock, read_lock
from tools.sbom import main

LOCK = ROOT / "requirements.lock"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("sbom") / "bill.json"
    assert main(["--to", str(path)]) == 0
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def bill(written: str) -> dict[str, Any]:
    return dict(json.loads(written))


def test_holds_against_the_schema(written: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written) is None
    spoilt = written.replace('"type": "library"', '"type": "nonsense"')
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(spoilt) is not None


def test_is_of_this_product(bill: dict[str, Any]) -> None:
    product = bill["metadata"]["component"]
    assert (product["name"], product["type"]) == ("oshirase", "application")


def test_every_pin_stands_there_with_its_hashes(bill: dict[str, Any]) -> None:
    stated = {
        (one["name"], one["version"]): {item["content"] for item in one["hashes"] if item["alg"] == "SHA-256"}
        for one in bill["components"]
    }
    assert stated == {(pin.name, pin.version): set(pin.sha256) for pin in read_lock(LOCK)}
    assert ("apache-airflow", "3.3.2") in stated


def test_every_installed_package_has_a_licence(bill: dict[str, Any]) -> None:
    installed = {(pin.name, pin.version) for pin in read_lock(LOCK) if pin.applies()}
    licensed = {(one["name"], one["version"]) for one in bill["components"] if one.get("licenses")}
    assert len(installed) > 150
    assert installed <= licensed
    (airflow,) = [one for one in bill["components"] if one["name"] == "apache-airflow"]
    assert "Apache-2.0" in json.dumps(airflow["licenses"])


def test_names_no_host(written: str) -> None:
    places = [line for line in written.splitlines() if "://" in line]
    assert all("cyclonedx.org" in line for line in places), places


def test_the_same_lock_gives_the_same_bill(written: str, tmp_path: Path) -> None:
    main(["--to", str(tmp_path / "again.json")])
    again = json.loads((tmp_path / "again.json").read_text(encoding="utf-8"))
    first = json.loads(written)
    assert again["serialNumber"] == first["serialNumber"]
    assert again["components"] == first["components"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("leaky>=1.0 --hash=sha256:00", "no exact version"),
        ("leaky==1.0,<2 --hash=sha256:00", "no exact version"),
        ("leaky --hash=sha256:00", "no exact version"),
        ("leaky @ https://a.example/leaky.whl --hash=sha256:00", "no exact version"),
        ("leaky==1.0", "no SHA-256"),
        ("-e .", "no requirement"),
    ],
)
def test_a_lock_that_pins_loosely_is_refused(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "requirements.lock"
    path.write_text(f"# a lock\nsound==1.0 \\\n    --hash=sha256:00\n{line}\n", encoding="utf-8")
    with pytest.raises(BadLock, match=told):
        read_lock(path)
