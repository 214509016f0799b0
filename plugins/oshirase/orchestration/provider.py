"""What Airflow asks of a provider: here, that there is a connection type `sms_gateway`."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Provider metadata, found through the entry point `apache_airflow_provider`."""
    return {
        "package-name": "oshirase",
        "name": "Oshirase",
        "description": "SMS gateways of the reminder campaigns.",
        "connection-types": [
            {
                "connection-type": "sms_gateway",
                "hook-class-name": "oshirase.orchestration.hook.SmsGatewayHook",
                "hook-name": "SMS ゲートウェイ",
                # The connection form, in the words of the gateway's own console.
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port"],
                    "relabeling": {"host": "API の URL", "login": "テナント ID", "password": "アクセストークン"},
                    "placeholders": {
                        "host": "https://…/api",
                        "extra": '{"service_id": 1, "requests_per_second": 20, "calls_in_flight": 4}',
                    },
                },
                "conn-fields": {
                    "service_id": {"label": "サービス ID", "schema": {"type": ["integer", "null"]}},
                    "ca_file": {
                        "label": "認証局の証明書ファイル",
                        "description": "庁内の認証局を使うときだけ。ワーカー上のファイル（PEM）の場所です。",
                        "schema": {"type": ["string", "null"]},
                    },
                    "allow_http": {
                        "label": "暗号化しない接続を許す",
                        "description": "エミュレーターで試すときだけ。電話番号とトークンが暗号化されずに流れます。",
                        "schema": {"type": ["boolean", "null"], "default": False},
                    },
                },
            }
        ],
    }
