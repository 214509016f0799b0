"""A DAG for tests: its tasks say what must not be said, in each way in which a task can, and most of them fail.

Whom they speak of is in $LEAKY_VICTIM, a resident id and a telephone number as in the records: no file says it.
"""

import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable

import requests
import structlog
from airflow.sdk import dag, task
from jinja2 import Environment, StrictUndefined
from sqlalchemy import create_engine, text

CONNECTION_STRING = "OSHIRASE_DATABASE_URL"
VICTIM = "LEAKY_VICTIM"


def victim() -> tuple[str, str, str]:
    """Resident id, number in E.164, subject."""
    resident, phone = os.environ[VICTIM].split()
    return resident, phone, f"nhi/2026/4/{resident}"


def say() -> None:
    """All ways of writing a line."""
    resident, phone, subject = victim()
    print("printed", resident, phone)
    sys.stderr.write(f"written {phone}\n")
    subprocess.run(["/bin/echo", "of a child process", phone, subject], check=True)
    warnings.warn(f"warned of {phone}", stacklevel=1)
    domestic = f"0{phone[3:5]}-{phone[5:9]}-{phone[9:]}"
    wide = domestic.translate(str.maketrans("0123456789-", "０１２３４５６７８９－"))
    for logger in (logging.getLogger("oshirase.leaky"), logging.getLogger("urllib3.leaky"), logging.getLogger()):
        logger.debug("logged %s %s", domestic, {"wide": wide})
        logger.error("logged %(resident_id)s", {"resident_id": resident}, stack_info=True, extra={"to": phone})
    structlog.get_logger("leaky").error("structured", phone=int(phone[1:]), who={"subject": subject}, to=[phone])
    thread = threading.Thread(target=int, args=(f"x{phone}",), name=f"thread-{resident}")
    thread.start()
    thread.join()


def violate_constraint() -> None:
    """PostgreSQL quotes the row, SQLAlchemy its parameters."""
    resident, phone, _ = victim()
    engine = create_engine(os.environ[CONNECTION_STRING].replace("postgresql:", "postgresql+psycopg:"), echo="debug")
    statement = text(
        "insert into records.contact (resident_id, contact_no, phone_raw, phone_e164, phone_type, recorded_at)"
        " values (:resident, 1, :phone, :phone, 'nonsense', now())"
    )
    with engine.begin() as connection:
        connection.execute(text("select :phone as p, :resident as r"), {"phone": phone, "resident": resident}).all()
        connection.execute(statement, {"resident": resident, "phone": phone})


def quote_gateway() -> None:
    """What the gateway answered, with what it was asked."""
    _, phone, subject = victim()
    form = {"to": phone, "body": subject, "service_id": "none"}
    response = requests.post(os.environ["LEAKY_URL"], data=form, params={"to": phone}, timeout=10)
    raise requests.HTTPError(f"{response.status_code} for {response.url}: {form} {response.text}", response=response)


def fill_template() -> None:
    """A template's error, with the row as its cause."""
    resident, phone, _ = victim()
    row = {"resident_id": resident, "phone_raw": phone}
    try:
        Environment(undefined=StrictUndefined, autoescape=True).from_string("{{ missing }}").render(row)
    except Exception as error:
        error.add_note(f"while rendering for {resident}")
        raise KeyError(row) from error


LEAKS: tuple[Callable[[], None], ...] = (say, violate_constraint, quote_gateway, fill_template)


@dag(schedule=None, catchup=False, default_args={"owner": "tests"})
def leaky() -> None:
    """Tasks that have nothing to do with each other."""
    for leak in LEAKS:
        task(leak)()


leaky = leaky()
