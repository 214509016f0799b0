"""One ordeal of a batch: senders that die, senders that resume, the look-up, the receipts; and what must hold after."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import Any
from uuid import UUID

from oshirase.domain.gateway import GatewayError, Receipt
from oshirase.services.delivery import LEASE
from oshirase.services.unknown import SETTLING, decide_unknown
from tests.chaos.sender import STOPPED, Orders, send
from tests.people import create_debtor
from tests.processes import end, start
from tests.scene import OCCURRENCE, Scene

NOTICES = 12
RESUMPTIONS = 12
LOOK_UPS = 6

# What happened in all ordeals of the session; told at its end.
FIGURES: Counter[str] = Counter()
DELIVERED, WAITING = ("delivered", None), ("unknown", "not_found")

Rule = dict[str, Any]
# What the gateway may do to a hand-over; beyond its time-out is beyond `sender.TIMEOUT_SECONDS`.
HAND_OVER_FAULTS: Sequence[Rule] = (
    {"fault": "late", "seconds": 0.5},
    {"fault": "slow", "seconds": 0.02},
    {"fault": "500_before"},
    {"fault": "500_after"},
    {"fault": "429", "retry_after": 0},
    {"fault": "503", "retry_after": 0},
    {"fault": "reset_before"},
    {"fault": "reset_after"},
    {"fault": "unreadable_before"},
    {"fault": "unreadable"},
    {"fault": "truncated"},
)
# And to the lists that look-up and receipts read.
LIST_FAULTS: Sequence[Rule] = (
    {"fault": "lag", "seconds": 5},
    {"fault": "duplicated"},
    {"fault": "reordered"},
    {"fault": "500_before", "call": "list", "next": 1},
    {"fault": "503", "call": "list", "next": 1, "retry_after": 0},
    {"fault": "unreadable", "call": "list", "next": 1},
)

ENDS = {-9: "senders killed", 0: "senders at their end", STOPPED: "senders stopped by the gateway"}


@dataclass(frozen=True)
class Death:
    """How a sender dies: when it comes to a boundary for the nth time, or some seconds after it was started."""

    at: str | None = None
    nth: int = 1
    after_seconds: float | None = None


LIVES = Death()


class Ordeal:
    """An approved batch of `NOTICES`, and the steps that it goes through."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        for _ in range(NOTICES):
            create_debtor(scene.owner)
        self.run: UUID = scene.approved_run()

    def set_faults(self, seed: int, rules: Sequence[Rule]) -> None:
        """What goes wrong at the gateway from now on."""
        FIGURES.update({f"fault {fault}": fired for fault, fired in self.scene.running.fired().items()})
        self.scene.running.set_faults(*rules, seed=seed)

    def send(self, *deaths: Death) -> list[int | None]:
        """Senders on the one batch at once; returns how they ended, -9 for the killed ones."""
        processes = [self._start(death) for death in deaths]
        started = time.monotonic()
        for process, death in sorted(zip(processes, deaths, strict=True), key=lambda pair: pair[1].after_seconds or 0):
            if death.after_seconds is not None:
                process.join(max(0, started + death.after_seconds - time.monotonic()))
                process.kill()
        ends = [end(process) for process in processes]
        FIGURES.update(ENDS.get(status, "senders that failed") for status in ends)
        return ends

    def _start(self, death: Death) -> BaseProcess:
        database = self.scene.engine.url.render_as_string(hide_password=False)
        orders = Orders(database, self.scene.account(), self.run, self.scene.clock(), die_at=death.at, nth=death.nth)
        return start(send, orders)

    def resume(self, workers: int = 1) -> None:
        """Start senders again until one comes to its end; a gateway that stays busy stops some."""
        for _ in range(RESUMPTIONS):
            ends = self.send(*[LIVES] * workers)
            assert set(ends) <= {0, STOPPED}, f"a sender failed: {ends}"
            if 0 in ends:
                return
        raise AssertionError("the senders never came to an end")

    def settle(self) -> None:
        """Wait until every claim is over and every unknown outcome has been looked up."""
        self._let_gateway_come_to_rest()
        for _ in range(2):
            self.scene.clock.moment += max(LEASE, SETTLING) + timedelta(minutes=1)
            self._look_up()

    def _let_gateway_come_to_rest(self) -> None:
        """Requests of dead senders may still be on their way; in a city's time they come long before the look-up."""
        before, now = -1, self.taken_count()
        while before != now:
            time.sleep(0.03)
            before, now = now, self.taken_count()

    def _look_up(self) -> None:
        """The scheduled look-up, run again when the gateway fails it."""
        for _ in range(LOOK_UPS):
            try:
                self.scene.look_up()
            except GatewayError:
                continue
            return
        raise AssertionError("the look-up never came to an end")

    def receive(self) -> None:
        """In the evening every message that was taken has arrived."""
        self.set_faults(0, [])
        self.scene.clock.moment = OCCURRENCE + timedelta(hours=8)
        self.scene.collect()

    def send_again(self) -> None:
        """A person decides to send what was looked up and not found, still inside the window."""
        self.scene.clock.moment = OCCURRENCE + timedelta(hours=3)
        now = self.scene.clock()
        decide_unknown(self.scene.engine, is_to_send=True, seen_at=now, by="sato", now=now)

    def taken_count(self) -> int:
        return int(self.scene.running.counts()["accepted"])

    def taken(self) -> list[Receipt]:
        """All messages of the run, as the gateway has them."""
        day = timedelta(days=1)
        pages = self.scene.gateway.receipts(self.run, OCCURRENCE - day, OCCURRENCE + day)
        return [receipt for page in pages for receipt in page]

    def assert_nobody_twice(self) -> None:
        """At the gateway: one message at most by telephone, and by notice."""
        by_tag = Counter(receipt.tags[0] for receipt in self.taken())
        assert max(by_tag.values(), default=1) == 1, f"notices handed over twice: {by_tag}"
        by_number = self.scene.accepted_per_number()
        assert max(by_number.values(), default=1) == 1, f"telephones with more than one message: {by_number}"

    def assert_nothing_lost(self) -> None:
        """What the gateway took is delivered, all else waits for a person; what waits was never taken."""
        taken = {receipt.tags[0] for receipt in self.taken()}
        rows = self.scene.rows("select notice_id, state, reason from ledger.notice")
        assert len(rows) == NOTICES
        wrong = [row for row in rows if row[1:] != (DELIVERED if str(row[0]) in taken else WAITING)]
        assert wrong == [], f"of {len(taken)} messages that were taken: {wrong}"


def random_deaths(chance: random.Random, workers: int, run_seconds: float) -> list[Death]:
    """Seeded instants in the lives of some senders; one in five comes after the end of an undisturbed one."""
    return [Death(after_seconds=chance.uniform(0, 1.25 * run_seconds)) for _ in range(workers)]


def random_faults(chance: random.Random) -> list[Rule]:
    """Some seeded faults of the hand-over, each with a share of the calls, and perhaps one of the lists."""
    faults = chance.sample(HAND_OVER_FAULTS, chance.randint(0, 4))
    shares = [{**rule, "share": round(chance.uniform(0.03, 0.3), 2)} for rule in faults]
    return shares + chance.sample(LIST_FAULTS, chance.randint(0, 1))


def outlive(ordeal: Ordeal, deaths: Sequence[Death]) -> Counter[str]:
    """The whole ordeal: die, resume, look up, receive; then a person sends the rest again.

    Returns the states before that decision.
    """
    ordeal.send(*deaths)
    ordeal.resume(len(deaths))
    before = ordeal.scene.states()
    ordeal.settle()
    # A cleared task, long after.
    ordeal.resume()
    ordeal.receive()
    ordeal.assert_nobody_twice()
    ordeal.assert_nothing_lost()
    states = ordeal.scene.states()
    waiting = states["/".join(WAITING)]
    FIGURES.update({"ordeals": 1, "notices": NOTICES, "waited for a person": waiting})
    FIGURES["found at the gateway"] += NOTICES - before["accepted"] - waiting
    ordeal.send_again()
    ordeal.resume()
    ordeal.receive()
    ordeal.assert_nobody_twice()
    assert ordeal.scene.states() == {"delivered": NOTICES}
    return states
