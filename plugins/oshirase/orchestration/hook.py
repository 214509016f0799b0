"""The Airflow hook of the SMS gateways: connection type `sms_gateway`."""

from contextlib import ExitStack
from functools import partial
from typing import Any

from airflow.sdk import BaseHook

from oshirase.adapters.database import campaign_engine
from oshirase.adapters.gateways.environment import trust_in_extra
from oshirase.adapters.gateways.karaden import KaradenAccount, KaradenGateway
from oshirase.adapters.pace import Limits, Pace, paced
from oshirase.domain.gateway import GatewayError
from oshirase.errors import MissingSetting, OshiraseError
from oshirase.orchestration.metrics import note_call
from oshirase.services.gateway_check import check_connection, explain

# The operator publishes no limit; a connection's extra may say otherwise.
REQUESTS_PER_SECOND = 20.0
CALLS_IN_FLIGHT = 4


class SmsGatewayHook(BaseHook):
    """Turns an Airflow connection into an `SmsGateway`; use it as a context manager.

    Host: base address of the API (`https://…/api`). Login: tenant id. Password: token. Extra: `service_id`, and if
    they differ from the defaults `requests_per_second`, `calls_in_flight` (both over all processes together),
    `look_up_is_authoritative`, `ca_file` (the authorities that count, PEM) and `allow_http` (the emulator only).
    The form's fields are in `provider.py`.
    """

    conn_name_attr = "gateway_conn_id"
    default_conn_name = "karaden"
    conn_type = "sms_gateway"
    hook_name = "SMS ゲートウェイ"

    def __init__(self, gateway_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gateway_conn_id = gateway_conn_id
        self._open = ExitStack()

    def account(self) -> KaradenAccount:
        """Where the API is, and as whom it is called.

        Raises:
            MissingSetting: host, login, password or `service_id` is not set; names the one.
        """
        connection = self.get_connection(self.gateway_conn_id)
        extra = connection.extra_dejson
        values = {
            "host": connection.host,
            "login (tenant id)": connection.login,
            "password (token)": connection.password,
            "extra.service_id": extra.get("service_id"),
        }
        if missing := [name for name, value in values.items() if not value]:
            raise MissingSetting(
                f"Airflow connection {self.gateway_conn_id!r} lacks {', '.join(missing)}: "
                "set it under Admin > Connections"
            )
        host, tenant_id, token, service_id = (str(value) for value in values.values())
        is_authoritative = bool(extra.get("look_up_is_authoritative"))
        return KaradenAccount(host, tenant_id, token, int(service_id), is_authoritative, trust_in_extra(extra))

    def limits(self) -> Limits:
        """What the gateway may be asked to bear, over all processes together."""
        extra = self.get_connection(self.gateway_conn_id).extra_dejson
        return Limits(
            float(extra.get("requests_per_second", REQUESTS_PER_SECOND)),
            int(extra.get("calls_in_flight", CALLS_IN_FLIGHT)),
        )

    def get_conn(self, pace: Pace | None = None) -> KaradenGateway:
        """The gateway that the connection describes; without a pace for a single call only."""
        name = self.gateway_conn_id
        return KaradenGateway(name, self.account(), pace, partial(note_call, name))

    def test_connection(self) -> tuple[bool, str]:
        """Ask the gateway for one message of its list; what the *Test* button shows."""
        try:
            check_connection(self.gateway_conn_id, self.account())
        except (GatewayError, OshiraseError) as error:
            return False, f"接続できません: {explain(error)}"
        return True, "接続できました。URL・テナント ID・アクセストークンは正しく設定されています。"

    def __enter__(self) -> KaradenGateway:
        # Permits taken before an error would be missing to everybody until this process ends.
        with ExitStack() as opened:
            pace = opened.enter_context(paced(campaign_engine(), self.gateway_conn_id, self.limits()))
            gateway = self.get_conn(pace)
            opened.callback(gateway.close)
            self._open = opened.pop_all()
        return gateway

    def __exit__(self, *_: object) -> None:
        self._open.close()
