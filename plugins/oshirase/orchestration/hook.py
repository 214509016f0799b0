"""The Airflow hook of the SMS gateways: connection type `sms_gateway`."""

from typing import Any

from airflow.sdk import BaseHook

from oshirase.adapters.gateways.karaden import KaradenGateway
from oshirase.domain.gateway import GatewayError
from oshirase.errors import MissingSetting


class SmsGatewayHook(BaseHook):
    """Turns an Airflow connection into an `SmsGateway`; use it as a context manager.

    Host: base address of the API (`https://…/api`). Login: tenant id. Password: token. Extra: `service_id`.
    """

    conn_name_attr = "gateway_conn_id"
    default_conn_name = "karaden"
    conn_type = "sms_gateway"
    hook_name = "SMS ゲートウェイ"

    def __init__(self, gateway_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gateway_conn_id = gateway_conn_id
        self._gateway: KaradenGateway | None = None

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The connection form's fields, in the words of the gateway's own console."""
        return {
            "hidden_fields": ["schema", "port"],
            "relabeling": {"host": "API の URL", "login": "テナント ID", "password": "アクセストークン"},
            "placeholders": {"extra": '{"service_id": 1}'},
        }

    def get_conn(self) -> KaradenGateway:
        """The gateway that the connection describes.

        Raises:
            MissingSetting: host, login, password or `service_id` is not set; names the one.
        """
        connection = self.get_connection(self.gateway_conn_id)
        values = {
            "host": connection.host,
            "login (tenant id)": connection.login,
            "password (token)": connection.password,
            "extra.service_id": connection.extra_dejson.get("service_id"),
        }
        if missing := [name for name, value in values.items() if not value]:
            raise MissingSetting(
                f"Airflow connection {self.gateway_conn_id!r} lacks {', '.join(missing)}: "
                "set it under Admin > Connections"
            )
        host, tenant_id, token, service_id = values.values()
        return KaradenGateway(str(host), str(tenant_id), str(token), int(str(service_id)))

    def test_connection(self) -> tuple[bool, str]:
        """Ask the gateway for one message of its list; what the *Test* button shows."""
        try:
            with self as gateway:
                gateway.check()
        except (GatewayError, MissingSetting) as error:
            return False, f"接続できません: {error}"
        return True, "接続できました。URL・テナント ID・アクセストークンは正しく設定されています。"

    def __enter__(self) -> KaradenGateway:
        self._gateway = self.get_conn()
        return self._gateway

    def __exit__(self, *_: object) -> None:
        if self._gateway:
            self._gateway.close()
