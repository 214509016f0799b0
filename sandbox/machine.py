"""What a component takes its machine's name for, so that several on one machine look like several machines."""

import os
import socket

VARIABLE = "OSHIRASE_SANDBOX_MACHINE"


def name() -> str:
    """The name that the environment gives, else the machine's own: Airflow's `[core] hostname_callable`."""
    return os.environ.get(VARIABLE) or socket.gethostname()
