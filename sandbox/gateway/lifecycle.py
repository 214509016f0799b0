"""The life of a message: planned whole when it is accepted, and read off for any instant afterwards.

No thread drives it. `plan_life` fixes every instant at which something will become visible, and the `*_at` functions
say what is visible `now`. Instants are whole epoch seconds, the resolution of the contract.

Inferred, as the operator publishes none of it: that charging is settled on receipt, that what never left costs 0 parts,
that the carrier shows as `checking` until the message leaves, and every delay and share below.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple

MINUTE, HOUR = 60, 3600
CANCEL_MARGIN = 5 * MINUTE
SINGLE_PART_UNITS, JOINED_PART_UNITS = 70, 67

CARRIERS = ("docomo",) * 40 + ("au",) * 29 + ("softbank",) * 21 + ("rakuten",) * 10


class Message(NamedTuple):
    """One accepted message: the columns of table `message`, in their order."""

    id: str
    service_id: int
    to: str
    body: str
    tags: str  # a JSON array of strings
    is_shorten: bool
    scheduled_at: int | None
    limited_at: int | None
    created_at: int
    due_at: int  # leaves then, or fails then when that is past limited_at
    is_expired: bool
    unconnected_at: int | None
    concluded_at: int | None
    conclusion: str  # the last sent_result
    carrier: str
    parts: int
    canceled_at: int | None = None


class Life(NamedTuple):
    """What will become of a message; see the fields of the same names in `Message`."""

    due_at: int
    is_expired: bool
    unconnected_at: int | None
    concluded_at: int | None
    conclusion: str
    carrier: str


class Outcome(NamedTuple):
    """One way for a message to end: its share in per mille, and how long after leaving it is known, in seconds."""

    share: int
    conclusion: str
    soonest: int
    latest: int
    unconnected_after: int | None = None


OUTCOMES: Mapping[str, tuple[Outcome, ...]] = {
    "realistic": (
        Outcome(850, "received", 2, 45),
        Outcome(80, "received", 46, 8 * MINUTE),
        Outcome(35, "received", 1 * HOUR, 20 * HOUR, unconnected_after=40),
        Outcome(15, "unknown", 24 * HOUR, 72 * HOUR, unconnected_after=40),
        Outcome(20, "error", 3, 90),
    ),
    "received": (Outcome(1000, "received", 0, 0),),
    "unconnected": (Outcome(1000, "received", 6 * HOUR, 6 * HOUR, unconnected_after=0),),
    "unknown": (Outcome(1000, "unknown", 72 * HOUR, 72 * HOUR, unconnected_after=0),),
    "error": (Outcome(1000, "error", 0, 0),),
}


def count_parts(body: str) -> int:
    """Return the billable parts: 1 up to 70 UTF-16 units, else pieces of at most 67 that never cut a surrogate pair."""
    units = utf16_units(body)
    if units <= SINGLE_PART_UNITS:
        return 1
    if units == len(body):
        return -(-units // JOINED_PART_UNITS)
    return _count_joined_parts(body)


def _count_joined_parts(body: str) -> int:
    parts, used = 1, 0
    for character in body:
        width = 2 if character > "\uffff" else 1
        if used + width > JOINED_PART_UNITS:
            parts, used = parts + 1, 0
        used += width
    return parts


def utf16_units(text: str) -> int:
    """Return the length as telephones count it: characters outside the basic plane take two units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def plan_life(
    message_id: str, to: str, due_at: int, limited_at: int | None, *, outcomes: tuple[Outcome, ...], seed: bytes
) -> Life:
    """Choose what will become of a message. The same seed, number and id always give the same life."""
    draw = int.from_bytes(blake2b(f"{to} {message_id}".encode(), digest_size=8, key=seed).digest())
    carrier = CARRIERS[blake2b(to.encode(), digest_size=1, key=seed).digest()[0] * len(CARRIERS) >> 8]
    if limited_at is not None and due_at > limited_at:
        return Life(due_at, True, None, None, "none", "unknown")
    outcome = _pick(outcomes, draw % 1000)
    delay = outcome.soonest + (draw // 1000) % (outcome.latest - outcome.soonest + 1)
    unconnected_at = None if outcome.unconnected_after is None else due_at + outcome.unconnected_after
    return Life(due_at, False, unconnected_at, due_at + delay, outcome.conclusion, carrier)


def _pick(outcomes: tuple[Outcome, ...], ticket: int) -> Outcome:
    for outcome in outcomes:
        ticket -= outcome.share
        if ticket < 0:
            return outcome
    return outcomes[-1]


def status_at(message: Message, now: int) -> str:
    """Return `waiting`, `done` (sent), `error` (was not let out in time) or `canceled`."""
    if message.canceled_at is not None:
        return "canceled"
    if now < message.due_at:
        return "waiting"
    return "error" if message.is_expired else "done"


def sent_result_at(message: Message, now: int) -> str:
    """Return `none`, `unconnected`, `received`, `error` or `unknown`: what is known of the delivery."""
    if status_at(message, now) != "done":
        return "none"
    if _is_past(message.concluded_at, now):
        return message.conclusion
    return "unconnected" if _is_past(message.unconnected_at, now) else "none"


def result_at(message: Message, now: int) -> str:
    """Return `done` when nothing more will become of the message, else `processing`."""
    status = status_at(message, now)
    is_over = status in ("canceled", "error") or (status == "done" and _is_past(message.concluded_at, now))
    return "done" if is_over else "processing"


def carrier_at(message: Message, now: int) -> str:
    """Return the carrier, `checking` while the message waits and `unknown` when it never left."""
    status = status_at(message, now)
    return message.carrier if status == "done" else "checking" if status == "waiting" else "unknown"


def charged_parts_at(message: Message, now: int) -> int:
    """Return the billable parts, 0 for what will never leave."""
    return 0 if status_at(message, now) in ("canceled", "error") else message.parts


def updated_at(message: Message, now: int) -> int:
    """Return the instant of the last change visible `now`."""
    if message.canceled_at is not None:
        return message.canceled_at
    changes = (message.due_at, message.unconnected_at, message.concluded_at)
    return max([message.created_at, *(instant for instant in changes if instant is not None and instant <= now)])


def is_cancellable(message: Message, now: int) -> bool:
    """Say whether a booking may still be cancelled: until exactly 5 minutes before its time."""
    is_booked = message.scheduled_at is not None and message.canceled_at is None
    return is_booked and now <= message.due_at - CANCEL_MARGIN


def _is_past(instant: int | None, now: int) -> bool:
    return instant is not None and instant <= now
