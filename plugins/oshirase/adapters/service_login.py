"""The user as which services sign in to the records database: a member of our roles that owns nothing."""

import os

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.errors import MissingSetting

SETTING = "OSHIRASE_SERVICE_PASSWORD"
SHORTEST = 16


def service_password() -> str:
    """The password of services, from $OSHIRASE_SERVICE_PASSWORD.

    Raises:
        MissingSetting: not set, or shorter than 16 characters.
    """
    password = os.environ.get(SETTING, "")
    if len(password) < SHORTEST:
        raise MissingSetting(f"{SETTING} must hold a password of {SHORTEST} characters or more")
    return password


def make_service_login(owner: Engine, login: str, password: str) -> None:
    """Make the user, or give the one that is there this password and the rights of services and no others.

    The server never sees the password, and so cannot log it: it is given a SCRAM verifier.
    """
    with owner.begin() as connection:
        server = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]
        verifier = server.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
        connection.execute(statement("login/choose_login"), {"login": login, "verifier": verifier})
        connection.execute(statement("login/make_login"))
