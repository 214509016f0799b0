"""A DAG for tests: its tasks say what must not be said, in each way in which a task can, and most of them fail."""

import json
import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from http.client import HTTPConnection

import requests
import structlog
from airflow.sdk import dag, task
from jinja2 import Environment, StrictUndefined
from sqlalchemy import Engine, create_engine, make_url, text

VICTIM = "select resident_id, phone_e164 from records.contact where phone_e164 is not null order by resident_id limit 1"


def records() -> Engine:
    """The records database, each statement and each row of an answer logged."""
    url = make_url(os.environ["OSHIRASE_DATABASE_URL"]).set(drivername="postgresql+psycopg")
    return create_engine(url, echo="debug")


def victim() -> tuple[str, str, str]:
    """Resident id, number in E.164 and subject of somebody in the records: no file says it."""
    with records().connect() as connection:
        resident, phone = connection.execute(text(VICTIM)).one()
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
    statement = text(
        "insert into records.contact (resident_id, contact_no, phone_raw, phone_e164, phone_type, recorded_at)"
        " values (:resident, 1, :phone, :phone, 'nonsense', now())"
    )
    with records().begin() as connection:
        connection.execute(text("select :phone as p, :resident as r"), {"phone": phone, "resident": resident}).all()
        connection.execute(statement, {"resident": resident, "phone": phone})


def quote_gateway() -> None:
    """What the gateway answered, with what it was asked."""
    _, phone, subject = victim()
    form = {"to": phone, "body": subject, "service_id": "none"}
    url = json.loads(os.environ["AIRFLOW_CONN_KARADEN"])["host"]
    HTTPConnection.debuglevel = 1
    response = requests.post(f"{url}/messages", data=form, params={"to": phone}, timeout=10)
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
