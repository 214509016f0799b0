"""The emulator for tests: real HTTP on a free loopback port, in a thread of the test's own process."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
import uvicorn

from sandbox.gateway.app import GatewayApp, Settings
from sandbox.gateway.faults import FaultPlan, Rule
from sandbox.gateway.server import Certificate, address_of, build_server, open_socket

PATIENCE_SECONDS = 10
START = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)  # 9:00 in Japan


class HandClock:
    """A clock that stands still until the test moves it."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **delta: float) -> None:
        self.moment += timedelta(**delta)

    def in_future(self, **delta: float) -> str:
        """Write a moment ahead as a client sends it."""
        return (self.moment + timedelta(**delta)).isoformat()


@dataclass(frozen=True)
class RunningGateway:
    """A gateway that answers: `base_url` ends in `/api`, as the operator's SDK wants its `api_base`."""

    address: str
    tenant: str
    token: str
    app: GatewayApp = field(repr=False)
    # Whose word its certificate is to be believed on; None without TLS.
    ca_file: str | None = None

    @property
    def base_url(self) -> str:
        return f"{self.address}/api"

    @property
    def messages_url(self) -> str:
        return f"{self.base_url}/{self.tenant}/messages"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Karaden-Version": "2024-03-01"}

    def counts(self) -> dict[str, Any]:
        """Return the counts from the other side: see `sandbox.gateway.emulator.Emulator.counts`."""
        return self._call("GET", "counts")

    def reset(self) -> None:
        """Make the gateway forget every message, every fault and every call."""
        self._call("POST", "reset")

    def set_faults(self, *rules: dict[str, Any], seed: int | str = 0) -> None:
        """Replace the faults that are set, as `POST /emulator/faults` does: `set_faults({"fault": "429"})`."""
        self.app.faults.set(FaultPlan(seed=seed, rules=tuple(Rule(**rule) for rule in rules)))

    def fired(self) -> dict[str, int]:
        """Return how often each fault that is set has fired."""
        return dict(self.app.faults.describe()["fired"])

    def calls(self) -> dict[str, Any]:
        """Return when `POST /messages` calls came: see `sandbox.gateway.calls.CallLog.describe`."""
        return self._call("GET", "calls")

    def _call(self, method: str, name: str) -> dict[str, Any]:
        url = f"{self.address}/emulator/{name}"
        answer = requests.request(method, url, headers=self.headers, timeout=PATIENCE_SECONDS, verify=self.ca_file)
        answer.raise_for_status()
        return dict(answer.json())


@contextmanager
def running_gateway(
    settings: Settings | None = None, *, port: int = 0, proof: Certificate | None = None, ca_file: str | None = None
) -> Iterator[RunningGateway]:
    """Run a gateway until the block ends; with `Settings(data=...)` the next one goes on from its state.

    With a certificate over TLS, which `ca_file` is to be believed for. Without settings everything is received at once,
    over the shared clock. For another profile or a clock of the test's own:
    `running_gateway(Settings(outcomes="unconnected", clock=lambda: moment))`.
    """
    settings = settings or Settings(outcomes="received")
    app = GatewayApp(settings)
    listener = open_socket("127.0.0.1", port)
    try:
        with _serving(build_server(app, proof), listener):
            address = address_of(listener, "https" if proof else "http")
            yield RunningGateway(address, settings.access.tenant, settings.access.token, app, ca_file)
    finally:
        app.close()


@contextmanager
def _serving(server: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        _wait_until_started(server)
        yield
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        listener.close()


def _wait_until_started(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the gateway emulator did not start")
        time.sleep(0.01)
