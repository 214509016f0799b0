"""Keys, tokens and passwords of one data folder: made up once, kept there, readable by their owner only."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import uuid4

from sandbox.stack.folder import DataFolder


@dataclass(frozen=True)
class Member:
    """What somebody does: in words, with the product's roles, and as the simple auth manager's one."""

    work: str
    roles: tuple[str, ...]
    rank: str


STAFF = {
    "sato": Member("保険料係 担当 / clerk of the premium section", ("clerk-premium",), "op"),
    "suzuki": Member("保険料係 係長 / approver of the premium section", ("approver-premium",), "op"),
    "tanaka": Member("管理係 担当 / clerk of the health section", ("clerk-health",), "op"),
    "ito": Member("管理係 係長 / approver of the health section", ("approver-health",), "op"),
    "ono": Member("監査 / auditor", ("auditor",), "viewer"),
    "admin": Member("システム管理者 / administrator", ("administrator",), "admin"),
}
CLERK, HEAD, OTHER_CLERK, OTHER_HEAD, AUDITOR, ADMINISTRATOR = STAFF


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
    broker_password: str = field(default_factory=_key, repr=False)
    passwords: dict[str, str] = field(default_factory=_passwords, repr=False)


def load_credentials(folder: DataFolder) -> Credentials:
    """The folder's credentials, made up when it has none; writes the files of accounts for Airflow beside them."""
    path = folder.path / "credentials.json"
    if not path.exists():
        write_private(path, json.dumps(asdict(Credentials())))
    credentials = Credentials(**json.loads(path.read_text(encoding="utf-8")))
    write_private(passwords_file(folder), json.dumps(credentials.passwords))
    write_private(accounts_file(folder), "\n".join(_account(name, credentials.passwords[name]) for name in STAFF))
    return credentials


def _account(name: str, password: str) -> str:
    # What JSON writes of texts and lists of them, TOML reads.
    given = {"name": name, "full_name": name, "roles": STAFF[name].roles, "password": password}
    return "\n".join(["[[users]]", *(f"{key} = {json.dumps(value)}" for key, value in given.items()), ""])


def passwords_file(folder: DataFolder) -> Path:
    """Where Airflow's simple auth manager reads passwords from."""
    return folder.path / "passwords.json"


def accounts_file(folder: DataFolder) -> Path:
    """The same accounts with the product's roles, for `oshirase.orchestration.roles`."""
    return folder.path / "accounts.toml"


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner can read, from its first moment on."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
