"""The emulator's tenant and token: from the environment, else kept in the data folder, else made up."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from sandbox.gateway.routes import Access

TENANT_VARIABLE = "OSHIRASE_EMULATOR_TENANT"
TOKEN_VARIABLE = "OSHIRASE_EMULATOR_TOKEN"
FILE_NAME = "credentials.json"


def load_access(data: Path | None, environment: Mapping[str, str]) -> Access:
    """Return who may call. With a data folder, what was made up once is found there again."""
    kept = new_access() if data is None else _kept_access(data / FILE_NAME)
    return Access(
        tenant=environment.get(TENANT_VARIABLE) or kept.tenant,
        token=environment.get(TOKEN_VARIABLE) or kept.token,
    )


def _kept_access(path: Path) -> Access:
    if not path.exists():
        _write_private(path, json.dumps(new_access()._asdict()))
    return Access(**json.loads(path.read_text()))


def new_access() -> Access:
    """Make up a tenant and a token."""
    return Access(tenant=str(uuid4()), token=secrets.token_urlsafe(32))


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read from its first moment on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
