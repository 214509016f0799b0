"""`run_dag.py` with everything at DEBUG. With $OSHIRASE_TEST_UNREDACTED, as it would be without redaction."""

import logging
import os
import sys
from http.client import HTTPConnection
from types import ModuleType

UNREDACTED = "OSHIRASE_TEST_UNREDACTED"
LIBRARIES = ("urllib3", "sqlalchemy.engine.Engine", "sqlalchemy.pool", "psycopg", "httpx", "httpcore", "alembic")

if os.environ.get(UNREDACTED):
    # What Airflow's entry point loads is there already, and does nothing.
    name = "oshirase.orchestration.redaction"
    sys.modules[name] = ModuleType(name)

from tests.dags.run_dag import serve  # noqa: E402  Airflow is imported with it

HTTPConnection.debuglevel = 1
for library in LIBRARIES:
    logging.getLogger(library).setLevel(logging.DEBUG)
serve()
