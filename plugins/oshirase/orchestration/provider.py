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
            }
        ],
    }
