"""The emulator's socket and server, shared by the command and the testing fixture."""

import socket
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.gateway.fault_answers import TRANSPORT

# Longer than any client pauses: a kept connection closed in its face would look to it like a lost answer.
KEEP_ALIVE_SECONDS = 120


class ListenError(Exception):
    """The address cannot be listened on; the text is a sentence for the person who started the emulator."""


def open_socket(host: str, port: int) -> socket.socket:
    """Bind a listening socket; port 0 takes a free one. Raises ListenError."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for old connections
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise ListenError(
            f"The gateway emulator cannot listen on {host} port {port} ({error.strerror}): "
            "stop what uses it, or choose another with --port (0 picks a free one)."
        ) from error
    return listener


@dataclass(frozen=True)
class Certificate:
    """What the emulator proves itself with, both PEM."""

    certificate: Path
    key: Path


def address_of(listener: socket.socket, protocol: str = "http") -> str:
    """Return the socket's address as a URL without a path."""
    host, port = listener.getsockname()[:2]
    return f"{protocol}://[{host}]:{port}" if ":" in host else f"{protocol}://{host}:{port}"


class Protocol(HttpToolsProtocol):
    """Hands the connection on to the application: to reset one, ASGI has no word."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


def build_server(app: ASGIApp, proof: Certificate | None = None) -> uvicorn.Server:
    """Build the server: no access log, as request lines hold telephone numbers, and no proxy headers."""
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        access_log=False,
        log_level="warning",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
        ssl_certfile=proof.certificate if proof else None,
        ssl_keyfile=proof.key if proof else None,
    )
    return uvicorn.Server(config)
