"""A clock for DAG runs under test: it stands at $OSHIRASE_TEST_NOW."""

import os
from datetime import datetime


def now() -> datetime:
    """The moment that the test set."""
    return datetime.fromisoformat(os.environ["OSHIRASE_TEST_NOW"])
