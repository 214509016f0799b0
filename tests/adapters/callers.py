"""Processes that call a gateway at its pace, and a gateway that only notes when it was called."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Engine, make_url

from oshirase.adapters.database import CAMPAIGN_ROLE, create_records_engine
from oshirase.adapters.pace import Limits, Pace, paced

Address = tuple[str, int]
BEGINS, ENDS = b"+", b"-"
# Linux: stamp each datagram in the kernel when it arrives. Not in Python's socket module.
SO_TIMESTAMPNS = 35


class Arrival(NamedTuple):
    """What came, and when by the machine's clock."""

    at: float
    what: bytes


@dataclass
class Recorder:
    """A socket that notes every datagram with the kernel's time: its own process may be busy meanwhile."""

    address: Address
    arrivals: list[Arrival] = field(default_factory=list)

    @property
    def begun(self) -> list[float]:
        return [arrival.at for arrival in self.arrivals if arrival.what == BEGINS]

    def most_in_a_second(self) -> int:
        """The most calls in any window of one second."""
        begun, most, first = sorted(self.begun), 0, 0
        for last, at in enumerate(begun):
            while at - begun[first] >= 1:
                first += 1
            most = max(most, last - first + 1)
        return most

    def most_at_once(self) -> int:
        """The most calls that were under way together."""
        most = under_way = 0
        for arrival in self.arrivals:
            under_way += 1 if arrival.what == BEGINS else -1
            most = max(most, under_way)
        return most


@contextmanager
def recorder() -> Iterator[Recorder]:
    """Note what comes until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        listener.settimeout(0.05)
        noted, enough = Recorder(listener.getsockname()), threading.Event()
        thread = threading.Thread(target=_listen, args=(listener, noted, enough), daemon=True)
        thread.start()
        yield noted
        enough.set()
        thread.join()


def _listen(listener: socket.socket, noted: Recorder, enough: threading.Event) -> None:
    while True:
        try:
            what, ancillary, _, _ = listener.recvmsg(16, 64)
        except TimeoutError:
            if enough.is_set():
                return
            continue
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
        noted.arrivals.append(Arrival(seconds + nanoseconds / 1e9, what))


def hammer(database: str, address: Address, limits: Limits, seconds: float, threads: int) -> None:
    """Call without a rest from several threads, each call at its moment."""
    engine = create_records_engine(make_url(database), CAMPAIGN_ROLE)
    pace = Pace(engine, "karaden", limits.requests_per_second, threads)
    _call_from_threads(pace, address, time.monotonic() + seconds, 0)


def work(database: str, address: Address, limits: Limits, seconds: float) -> None:
    """Hold permits as a sending task does, and make calls that last, as many at once as the permits allow."""
    engine = create_records_engine(make_url(database), CAMPAIGN_ROLE)
    with paced(engine, "karaden", limits) as pace:
        _call_from_threads(pace, address, time.monotonic() + seconds, 0.03)


def hold(database: str, address: Address, limits: Limits) -> None:
    """Take permits, say so, and keep them until killed."""
    engine = create_records_engine(make_url(database), CAMPAIGN_ROLE)
    with paced(engine, "karaden", limits):
        _tell(address, BEGINS)
        time.sleep(60)


def take_permits(engine: Engine, limits: Limits) -> int:
    """How many calls a task could have in flight that asked now."""
    with paced(engine, "karaden", limits) as pace:
        return pace.width


def _call_from_threads(pace: Pace, address: Address, until: float, seconds: float) -> None:
    threads = [threading.Thread(target=_call, args=(pace, address, until, seconds)) for _ in range(pace.width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _call(pace: Pace, address: Address, until: float, seconds: float) -> None:
    while time.monotonic() < until:
        pace.wait()
        _tell(address, BEGINS)
        time.sleep(seconds)
        _tell(address, ENDS)


def _tell(address: Address, what: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.sendto(what, address)
