"""The environment variables that the components run with."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.stack.credentials import STAFF, Credentials, passwords_file
from sandbox.stack.folder import REPOSITORY, DataFolder
from sandbox.stack.ports import HOST, Ports
from sandbox.stack.processes import MARK

SENDER_CONNECTION = "AIRFLOW_CONN_KARADEN"
AIRFLOW_DATABASE_SETTING = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
RECORDS_DATABASE_SETTING = "OSHIRASE_DATABASE_URL"
# Airflow's own accounts and roles by section, as in a city; without it everybody may see every DAG.
FAB = {"AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"}


@dataclass(frozen=True)
class DatabaseUrls:
    """Where the two databases are, in the form that SQLAlchemy reads."""

    airflow: str
    records: str


def build_environment(
    folder: DataFolder,
    ports: Ports,
    databases: DatabaseUrls,
    credentials: Credentials,
    dags: Path,
    settings: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Everything that a component needs, over what the caller's own environment says; `settings` over all of it.

    The caller's AIRFLOW settings are left out: a configured machine must not change what the sandbox does.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "_AIRFLOW_"))}
    return {
        **inherited,
        **_python(folder),
        **_oshirase(folder, databases, credentials),
        **_gateway(ports, credentials),
        **_airflow(folder, databases, credentials, dags),
        **_airflow_servers(ports),
        **(settings or {}),
    }


def _python(folder: DataFolder) -> dict[str, str]:
    return {
        MARK: str(folder.path),
        # Titles written over the environment would hide the mark.
        "SPT_NOENV": "1",
        "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "plugins"))),
        "PYTHONUNBUFFERED": "1",
    }


def _oshirase(folder: DataFolder, databases: DatabaseUrls, credentials: Credentials) -> dict[str, str]:
    return {
        RECORDS_DATABASE_SETTING: databases.records,
        "OSHIRASE_SECRET_KEY": credentials.oshirase_secret_key,
        "OSHIRASE_EXTRACT_FOLDER": str(folder.extracts),
        "OSHIRASE_CLOCK": "sandbox.clock:now",
        "OSHIRASE_SANDBOX_CLOCK": str(folder.clock),
    }


def _gateway(ports: Ports, credentials: Credentials) -> dict[str, str]:
    connection: Mapping[str, object] = {
        "conn_type": "sms_gateway",
        "host": f"http://{HOST}:{ports.inbox}/api",
        "login": credentials.gateway_tenant,
        "password": credentials.gateway_token,
        # The emulator bears more than the gateway for which the default is meant.
        "extra": {"adapter": "karaden", "service_id": 1, "requests_per_second": 100, "allow_http": True},
    }
    return {
        SENDER_CONNECTION: json.dumps(connection),
        "OSHIRASE_EMULATOR_TENANT": credentials.gateway_tenant,
        "OSHIRASE_EMULATOR_TOKEN": credentials.gateway_token,
    }


def _airflow(folder: DataFolder, databases: DatabaseUrls, credentials: Credentials, dags: Path) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(folder.airflow_home),
        AIRFLOW_DATABASE_SETTING: databases.airflow,
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # Staff see the sentence of a settings file that is wrong; the traceback is in the DAG processor's log.
        "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACKS": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__FERNET_KEY": credentials.fernet_key,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{member.rank}" for name, member in STAFF.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(folder)),
        "AIRFLOW__API_AUTH__JWT_SECRET": credentials.jwt_secret,
        "AIRFLOW__API__SECRET_KEY": credentials.api_secret_key,
        # The sandbox's time is not the machine's: Airflow's own timetables would fire at the wrong moments.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    }


def _airflow_servers(ports: Ports) -> dict[str, str]:
    ui = f"http://{HOST}:{ports.ui}"
    return {
        "AIRFLOW__API__BASE_URL": ui,
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(ports.ui),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{ui}/execution/",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(ports.scheduler_logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(ports.triggerer_logs),
    }
