"""Keys, tokens and passwords of one data folder: made up once, kept there, readable by their owner only."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import uuid4

from sandbox.stack.folder import DataFolder

STAFF = {"sato": "op", "suzuki": "op", "admin": "admin"}
CLERK, HEAD, ADMINISTRATOR = STAFF


def _key() -> str:
    return secrets.token_urlsafe(48)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _passwords() -> dict[str, str]:
    return {name: secrets.token_urlsafe(9) for name in STAFF}


@dataclass(frozen=True)
class Credentials:
    """All secrets of an environment; none has a default that two environments would share."""

    fernet_key: str = field(default_factory=_fernet_key, repr=False)
    jwt_secret: str = field(default_factory=_key, repr=False)
    api_secret_key: str = field(default_factory=_key, repr=False)
    oshirase_secret_key: str = field(default_factory=_key, repr=False)
    gateway_tenant: str = field(default_factory=lambda: str(uuid4()))
    gateway_token: str = field(default_factory=_key, repr=False)
    passwords: dict[str, str] = field(default_factory=_passwords, repr=False)


def load_credentials(folder: DataFolder) -> Credentials:
    """The folder's credentials, made up when it has none; writes the passwords file for Airflow beside them."""
    path = folder.path / "credentials.json"
    if not path.exists():
        write_private(path, json.dumps(asdict(Credentials())))
    credentials = Credentials(**json.loads(path.read_text(encoding="utf-8")))
    write_private(passwords_file(folder), json.dumps(credentials.passwords))
    return credentials


def passwords_file(folder: DataFolder) -> Path:
    """Where Airflow's simple auth manager reads passwords from."""
    return folder.path / "passwords.json"


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner can read, from its first moment on."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
