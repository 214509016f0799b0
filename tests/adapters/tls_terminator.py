"""TLS in front of the embedded PostgreSQL, whose own build has none: PostgreSQL's words before TLS, and then bytes."""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sandbox.gateway.server import Certificate

# PostgreSQL's protocol, "Message Formats": SSLRequest and GSSENCRequest.
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104


@contextmanager
def terminating(server_socket: str, proof: Certificate | None) -> Iterator[int]:
    """Listen on a free loopback port that leads to the server's socket; only what asks for TLS gets through.

    Without a certificate it says, as a server without TLS does, that it has none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if proof else None
    if context and proof:
        context.load_cert_chain(proof.certificate, proof.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, server_socket, context), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, server_socket: str, context: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_lead, args=(client, server_socket, context), daemon=True).start()


def _lead(client: socket.socket, server_socket: str, context: ssl.SSLContext | None) -> None:
    with client, suppress(OSError):
        asked = GSS_REQUEST
        while asked == GSS_REQUEST:
            _, asked = struct.unpack("!ii", client.recv(8, socket.MSG_WAITALL))
            client.sendall(b"S" if asked == SSL_REQUEST and context else b"N")
        if asked != SSL_REQUEST or context is None:
            return
        with context.wrap_socket(client, server_side=True) as inside, socket.socket(socket.AF_UNIX) as server:
            server.connect(server_socket)
            back = threading.Thread(target=_copy, args=(server, inside), daemon=True)
            back.start()
            _copy(inside, server)
            back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
