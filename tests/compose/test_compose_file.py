"""What docker-compose.yaml promises, read from the file: no engine is needed."""

import json
import re
from typing import Any

import pytest
import yaml

from deploy.make_env import EMULATOR, EXAMPLE, ROOT, SECRETS

TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
JOBS = {name for name, service in SERVICES.items() if service["restart"] == "no"}
DATABASES = {"airflow-db", "records-db"}
OURS = set(SERVICES) - DATABASES - {"redis"}
# The user of each image that is no root.
USERS = {"50000:0", "postgres", "redis"}
LONGEST_BATCH_SECONDS = 300
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:?[-?+]?)([^}]*)\}")
# What may stay unset: then the gateway has to prove itself to the authorities of the image.
TRUST = {"KARADEN_CA_FILE": "", "KARADEN_ALLOW_HTTP": "false"}
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY")

every_service = pytest.mark.parametrize("name", SERVICES)


def test_the_services() -> None:
    assert set(SERVICES) == {
        *("airflow-db", "records-db", "redis", "migrate", "api-server", "scheduler", "dag-processor", "triggerer"),
        *("worker", "gateway", "ward"),
    }
    assert {"migrate", "ward"} == JOBS


@every_service
def test_is_watched_or_waited_for(name: str) -> None:
    if name in JOBS:
        assert any(
            service.get("depends_on", {}).get(name) == {"condition": "service_completed_successfully"}
            for service in SERVICES.values()
        )
    else:
        assert {"test", "interval", "timeout", "retries"} <= set(SERVICES[name]["healthcheck"])


@every_service
def test_has_limits(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    assert 0 < service["cpus"] <= 2
    assert service["pids_limit"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}


@every_service
def test_has_few_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] in USERS
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert not {"privileged", "cap_add", "devices", "network_mode", "pid", "env_file"} & set(service)


def test_opens_no_port_but_the_pages() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "api-server": ["${AIRFLOW_LISTEN:-127.0.0.1:8080}:8080"]
    }


def test_databases_and_broker_reach_nobody_outside() -> None:
    assert FILE["networks"]["inside"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if service["networks"] == ["inside"]} >= {*DATABASES, "redis"}


def test_the_records_are_apart_from_airflow() -> None:
    of_airflow, of_records = (SERVICES[name] for name in ("airflow-db", "records-db"))
    for setting in ("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"):
        assert of_airflow["environment"][setting] != of_records["environment"][setting]
    assert not set(of_airflow["volumes"]) & set(of_records["volumes"])


def test_the_records_database_quotes_no_row_in_its_log() -> None:
    assert {"log_error_verbosity=terse", "log_min_error_statement=panic"} <= set(SERVICES["records-db"]["command"])


def test_secrets_have_no_default() -> None:
    used = {name: (kind, rest) for name, kind, rest in VARIABLE.findall(TEXT)}
    assert {*SECRETS, "KARADEN_TOKEN", "AIRFLOW_ADMIN_USER"} <= set(used)
    for name, (kind, rest) in used.items():
        if SECRET.search(name) or (name in EMULATOR and name.startswith("KARADEN") and name not in TRUST):
            assert kind == ":?", f"{name} has a default, or may be empty"
            assert rest


def test_the_gateway_has_to_prove_itself_unless_said_otherwise() -> None:
    assert {name: rest for name, kind, rest in VARIABLE.findall(TEXT) if name in TRUST} == TRUST
    # As Compose fills it in, it is JSON, with and without.
    for given in (TRUST, {"KARADEN_CA_FILE": "/etc/oshirase/ca.pem", "KARADEN_ALLOW_HTTP": "true"}):
        values = {"KARADEN_SERVICE_ID": "1", **given}
        connection = SERVICES["worker"]["environment"]["AIRFLOW_CONN_KARADEN"]
        extra = json.loads(VARIABLE.sub(lambda match: values.get(match[1], "x"), connection))["extra"]  # noqa: B023
        assert (extra["ca_file"], extra["allow_http"]) == (
            given["KARADEN_CA_FILE"], given["KARADEN_ALLOW_HTTP"] == "true",
        )  # fmt: skip


@every_service
def test_secrets_are_variables(name: str) -> None:
    for variable, value in (SERVICES[name].get("environment") or {}).items():
        if SECRET.search(variable) or ("://" in str(value) and "@" in str(value)):
            assert VARIABLE.search(value), f"{variable} of {name} is written out"
    assert not SECRET.search(
        VARIABLE.sub("", str(SERVICES[name].get("command", "")))
        .replace("$$ADMIN_PASSWORD", "")
        .replace("$$REDISCLI_AUTH", "")
    )


@pytest.mark.parametrize(
    ("variable", "services"),
    [
        ("AIRFLOW_CONN_KARADEN", {"worker"}),
        ("OSHIRASE_DATABASE_URL", {"migrate", "api-server", "dag-processor", "worker", "ward"}),
        ("ADMIN_PASSWORD", {"migrate"}),
        ("OSHIRASE_SERVICE_PASSWORD", {"migrate"}),
    ],
)
def test_only_who_needs_it_has_it(variable: str, services: set[str]) -> None:
    assert {name for name, service in SERVICES.items() if variable in (service.get("environment") or {})} == services


def test_only_the_migration_is_the_owner_of_the_records() -> None:
    urls = {name: (service.get("environment") or {}).get("OSHIRASE_DATABASE_URL") for name, service in SERVICES.items()}
    owner = SERVICES["records-db"]["environment"]["POSTGRES_USER"]
    assert [name for name, url in urls.items() if url and f"//{owner}:" in url] == ["migrate"]
    assert {url for name, url in urls.items() if url and name != "migrate"} == {
        "postgresql://oshirase_service:${RECORDS_SERVICE_PASSWORD:?run make env}@records-db/records"
    }
    assert "oshirase migrate --service-user oshirase_service" in SERVICES["migrate"]["command"][-1]


def test_what_sends_is_given_the_time_to_finish() -> None:
    assert _seconds(SERVICES["worker"]["stop_grace_period"]) > LONGEST_BATCH_SECONDS
    assert all("stop_grace_period" in service for service in SERVICES.values())


def test_workers_start_after_what_they_need_and_stop_before_it() -> None:
    needed = SERVICES["worker"]["depends_on"]
    for name in ("api-server", "airflow-db", "records-db", "redis"):
        assert needed[name] == {"condition": "service_healthy"}


def test_what_has_to_last_is_in_a_volume() -> None:
    mounted = {volume.rpartition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    named = {volume if not volume.startswith("$") else VARIABLE.match(volume)[3] for volume in mounted}  # type: ignore[index]
    assert named == set(FILE["volumes"])


def test_workers_may_be_many() -> None:
    assert not {"ports", "container_name", "hostname"} & set(SERVICES["worker"])


def test_one_service_builds_the_image_of_all_ours() -> None:
    assert [name for name, service in SERVICES.items() if "build" in service] == ["migrate"]
    assert len({SERVICES[name]["image"] for name in OURS}) == 1
    assert "BASE_IMAGE" in SERVICES["migrate"]["build"]["args"]


@every_service
def test_images_are_settable(name: str) -> None:
    assert VARIABLE.search(SERVICES[name]["image"])


def test_the_example_names_every_variable() -> None:
    example = EXAMPLE.read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:# )?(\w+)=", example, re.MULTILINE))
    assert named == {name for name, _, _ in VARIABLE.findall(TEXT)}
    assert not re.search(r"^\w+=.", example, re.MULTILINE), "the example gives a value"
    assert set(EMULATOR) <= named


def test_nothing_that_docker_compose_1_29_does_not_know() -> None:
    assert not {"name", "include", "configs", "secrets"} & set(FILE)
    assert not re.search(r"!reset|!override|required:|start_interval", TEXT)
    assert not any("deploy" in service for service in SERVICES.values())


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * {"s": 1, "m": 60}[duration[-1]]
