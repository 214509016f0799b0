"""`make env`: .env out of .env.example, with a fresh value for every secret. Needs Python and nothing else.

python3 deploy/make_env.py [--emulator] [--to FILE]
"""

import base64
import os
import re
import secrets
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / ".env.example"
EMPTY = re.compile(r"^(\w+)=$", re.MULTILINE)


def new_password() -> str:
    """Letters, digits, - and _: it may stand in a URL."""
    return secrets.token_urlsafe(32)


def new_fernet_key() -> str:
    """32 bytes, as Fernet wants them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


SECRETS: Mapping[str, Callable[[], str]] = {
    "AIRFLOW_DB_PASSWORD": new_password,
    "RECORDS_DB_PASSWORD": new_password,
    "RECORDS_SERVICE_PASSWORD": new_password,
    "REDIS_PASSWORD": new_password,
    "AIRFLOW_FERNET_KEY": new_fernet_key,
    "AIRFLOW_JWT_SECRET": new_password,
    "AIRFLOW_API_SECRET_KEY": new_password,
    "AIRFLOW_ADMIN_PASSWORD": new_password,
    "OSHIRASE_SECRET_KEY": new_password,
}
FIRST_ACCOUNT = {"AIRFLOW_ADMIN_USER": "admin"}
EMULATOR: Mapping[str, Callable[[], str]] = {
    "KARADEN_URL": lambda: "http://gateway:8090/api",
    "KARADEN_TENANT": lambda: str(uuid4()),
    "KARADEN_TOKEN": new_password,
    "KARADEN_SERVICE_ID": lambda: "1",
    # The emulator has no certificate; it is reached over a network that leads nowhere else.
    "KARADEN_ALLOW_HTTP": lambda: "true",
    # The image with the sandbox, and its time; Airflow's timetables go by the machine's and stand still.
    "OSHIRASE_TARGET": lambda: "sandbox",
    "OSHIRASE_CLOCK": lambda: "sandbox.clock:now",
    "AIRFLOW_SCHEDULES": lambda: "False",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file; exit status 1, and nothing changed, when it is there already."""
    parser = ArgumentParser(description="Write .env with a fresh value for every secret.")
    parser.add_argument("--emulator", action="store_true", help="for the emulator and the synthetic ward")
    parser.add_argument("--to", type=Path, default=ROOT / ".env", help="default: %(default)s")
    options = parser.parse_args(arguments)
    given = make_values(is_emulated=options.emulator)
    text = fill_in(EXAMPLE.read_text(encoding="utf-8"), given)
    try:
        write_private(options.to, text)
    except FileExistsError:
        print(
            f"{options.to} is there already and was left as it is: its keys open what is in the databases. "
            "Remove it only together with them.",
            file=sys.stderr,
        )
        return 1
    still_empty = EMPTY.findall(text)
    print(f"wrote {options.to}" + (f"; fill in {', '.join(still_empty)}" if still_empty else ""))
    return 0


def make_values(*, is_emulated: bool) -> dict[str, str]:
    """A value by name of variable."""
    makers = {**SECRETS, **EMULATOR} if is_emulated else SECRETS
    return {**FIRST_ACCOUNT, **{name: make() for name, make in makers.items()}}


def fill_in(example: str, given: Mapping[str, str]) -> str:
    """The example with these values, those that it has commented out too."""
    for name, value in given.items():
        example, places = re.subn(rf"^(?:# )?{name}=.*$", f"{name}={value}", example, flags=re.MULTILINE)
        if places != 1:
            raise ValueError(f".env.example names {name} {places} times")
    return example


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read from its first moment on.

    Raises:
        FileExistsError: there is one.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
