"""A gateway's connection as Airflow reads it from an environment variable, for those who do without Airflow."""

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from oshirase.adapters.gateways.karaden import KaradenAccount
from oshirase.adapters.transport import Trust
from oshirase.errors import MissingSetting

# Where Airflow's own URIs keep an extra that is no flat list of names and values.
EXTRA = "__extra__"


def variable(conn_id: str) -> str:
    """The environment variable of a connection."""
    return f"AIRFLOW_CONN_{conn_id.upper()}"


def account_in_environment(conn_id: str) -> KaradenAccount | None:
    """The account that the connection's variable holds, as JSON or as a URI; None when it is not set.

    Raises:
        MissingSetting: it cannot be read, or lacks something; its value is not quoted.
    """
    raw = os.environ.get(variable(conn_id))
    if not raw:
        return None
    try:
        values = _from_json(raw) if raw.lstrip().startswith("{") else _from_uri(raw)
        extra = values["extra"]
        service_id = int(extra.get("service_id") or 0)
    except (ValueError, TypeError, AttributeError):
        raise MissingSetting(f"{variable(conn_id)} is no connection in Airflow's JSON or URI form") from None
    required = {
        "host": values["host"],
        "login (tenant id)": values["login"],
        "password (token)": values["password"],
        "extra.service_id": service_id,
    }
    if missing := [name for name, value in required.items() if not value]:
        raise MissingSetting(f"{variable(conn_id)} lacks {', '.join(missing)}")
    return KaradenAccount(values["host"], values["login"], values["password"], service_id, trust=trust_in_extra(extra))


def trust_in_extra(extra: Mapping[str, Any]) -> Trust:
    """What a connection's extra says of TLS: `ca_file`, `allow_http`; a URI can only say it in words."""
    allow_http = extra.get("allow_http", False)
    return Trust(str(extra.get("ca_file") or "") or None, allow_http is True or str(allow_http).lower() == "true")


def _from_json(raw: str) -> dict[str, Any]:
    content = json.loads(raw)
    extra = content.get("extra") or {}
    return {
        **{key: content.get(key) for key in ("host", "login", "password")},
        "extra": json.loads(extra) if isinstance(extra, str) else extra,
    }


def _from_uri(raw: str) -> dict[str, Any]:
    """`sms-gateway://LOGIN:PASSWORD@HOST/?…`; the host percent-encoded, or its protocol before the login."""
    protocol, _, address = raw.partition("://")[2].rpartition("://")
    parts = urlsplit(f"//{address}")
    # The hook does without a port of its own, as Airflow does in an address with a path.
    host = unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
    return {
        "host": f"{protocol}://{host}" if protocol else host,
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "extra": _extra(dict(parse_qsl(parts.query, keep_blank_values=True))),
    }


def _extra(query: Mapping[str, str]) -> Mapping[str, Any]:
    extra = json.loads(query[EXTRA]) if EXTRA in query else query
    return extra if isinstance(extra, Mapping) else {}
