"""Which ports of the loopback address the components listen on."""

import socket
from dataclasses import dataclass

from sandbox.stack.errors import StackError

HOST = "127.0.0.1"
UI_PORT = 8080
INBOX_PORT = 8090


@dataclass(frozen=True)
class Ports:
    """One port a listener. The log servers are Airflow's own: nobody opens them by hand."""

    ui: int
    inbox: int
    scheduler_logs: int
    triggerer_logs: int


def free_ports() -> Ports:
    """Ports that nobody listens on just now."""
    return Ports(*free_numbers(4))


def fixed_ports(ui: int, inbox: int) -> Ports:
    """The two that people open, as asked for; the others free ones.

    Raises:
        StackError: one of them is in use, or both are the same.
    """
    if ui == inbox:
        raise StackError(f"Airflow and the inbox cannot both use port {ui}: choose another with INBOX_PORT=n")
    require_free(ui, "Airflow's UI", "UI_PORT")
    require_free(inbox, "the inbox", "INBOX_PORT")
    return Ports(ui, inbox, *free_numbers(2))


def require_free(port: int, purpose: str, setting: str) -> None:
    """Raise StackError when somebody listens on the port already."""
    try:
        _bind(port).close()
    except OSError as error:
        raise StackError(
            f"port {port} for {purpose} cannot be had ({error.strerror}): "
            f"stop what uses it, or choose another with {setting}=n"
        ) from None


def free_numbers(count: int) -> list[int]:
    """Ports that are free at the same time: each stays bound until all are found."""
    sockets = [_bind(0) for _ in range(count)]
    try:
        return [int(bound.getsockname()[1]) for bound in sockets]
    finally:
        for bound in sockets:
            bound.close()


def _bind(port: int) -> socket.socket:
    bound = socket.socket()
    # As the servers do: a port that was left a moment ago is free.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound
