"""The connection type `sms_gateway`: what the hook makes of it, and what its Test button says."""

import json
from collections.abc import Callable, Iterator

import pytest
from airflow.providers_manager import ProvidersManager
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from oshirase.adapters.database import campaign_engine
from oshirase.adapters.transport import UnsafeConnection
from oshirase.errors import MissingSetting
from oshirase.orchestration.hook import SmsGatewayHook
from sandbox.gateway.testing import HandClock, RunningGateway

Connect = Callable[..., SmsGatewayHook]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, emulator: tuple[RunningGateway, HandClock]) -> Connect:
    """Set the Airflow connection, some of it otherwise than right."""
    running, _ = emulator

    def set_connection(**changed: object) -> SmsGatewayHook:
        connection = {
            "conn_type": "sms_gateway",
            "host": running.base_url,
            "login": running.tenant,
            "password": running.token,
            "extra": {"service_id": 1, "allow_http": True},
            **changed,
        }
        monkeypatch.setenv("AIRFLOW_CONN_KARADEN", json.dumps(connection))
        return SmsGatewayHook()

    return set_connection


def test_airflow_knows_the_connection_type() -> None:
    assert ProvidersManager().hooks["sms_gateway"].hook_class_name.endswith("SmsGatewayHook")


def test_the_form_has_fields_for_what_is_trusted() -> None:
    fields = ProvidersManager().connection_form_widgets
    assert {f"extra__sms_gateway__{name}" for name in ("service_id", "ca_file", "allow_http")} <= set(fields)
    behaviour = ProvidersManager().field_behaviours["sms_gateway"]
    assert behaviour["hidden_fields"] == ["schema", "port"]
    assert behaviour["relabeling"]["password"] == "アクセストークン"


def test_a_gateway_that_speaks_no_tls_is_told_in_japanese(
    connect: Connect, emulator: tuple[RunningGateway, HandClock]
) -> None:
    host = emulator[0].base_url.replace("http://", "https://")
    succeeded, message = connect(host=host, extra={"service_id": 1}).test_connection()
    assert not succeeded
    assert "暗号化（TLS）に応じません" in message


def test_the_test_button_says_that_all_is_well(connect: Connect) -> None:
    assert connect().test_connection() == (
        True, "接続できました。URL・テナント ID・アクセストークンは正しく設定されています。",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"password": "wrong"}, "401 unauthentication"),
        ({"login": "00000000-0000-4000-8000-000000000000"}, "400 invalid_tenant"),
        ({"host": "http://127.0.0.1:9/api"}, "cannot be reached"),
        ({"password": None}, "lacks password (token)"),
        ({"extra": {}}, "lacks extra.service_id"),
        ({"extra": {"service_id": 1}}, "URL は https:// で始め"),
        ({"extra": {"service_id": 1, "ca_file": "/nowhere.pem"}, "host": "https://127.0.0.1:9/api"}, "/nowhere.pem"),
    ],
)
def test_the_test_button_names_what_is_wrong(connect: Connect, changed: dict[str, object], told: str) -> None:
    succeeded, message = connect(**changed).test_connection()
    assert not succeeded
    assert told in message
    assert "wrong" not in message


def test_an_incomplete_connection_says_where_to_set_it(connect: Connect) -> None:
    with pytest.raises(MissingSetting, match="Admin > Connections"):
        connect(login="").get_conn()


@pytest.mark.usefixtures("records")
def test_a_connection_that_is_wrong_keeps_nobody_from_calling(connect: Connect, owner: Engine) -> None:
    with pytest.raises(UnsafeConnection), connect(extra={"service_id": 1}):
        pytest.fail("a gateway without TLS")
    with owner.connect() as connection:
        assert connection.scalar(text("select count(*) from pg_locks where locktype = 'advisory'")) == 0
    with connect() as gateway:
        assert gateway.width == 2


@pytest.fixture
def records(database_url: URL, owner: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The records database as the hook finds it."""
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", database_url.render_as_string(hide_password=False))
    campaign_engine.cache_clear()
    yield
    campaign_engine().dispose()
    campaign_engine.cache_clear()
