"""The proof from the other side: what the telephones got, held against the ledger and the records."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.demo.ledger import Departures, Funnel
from sandbox.stack.telephones import SeenMessage, most_on_one_telephone


@dataclass(frozen=True)
class Summary:
    """`build/demo/summary.json`; counts of notices, and of messages where the name says so.

    `undelivered` holds messages that no telephone got, whatever the reason (the ledger's undelivered and failed).
    `sent_after_settled` is defined at `ledger.Departures.after_settled`.
    """

    cohort: int
    suppressed: dict[str, int]
    handed_over: int
    delivered: int
    undelivered: int
    cancelled: int
    unknown: int
    rejected: int
    deferred: int
    expired: int
    still_waiting: int
    max_messages_per_number: int
    sent_after_settled: int
    paid_meanwhile: int
    new_messages: int
    at_gateway: int
    received_by_telephones: int
    seconds: float = 0.0

    def write(self, path: Path) -> None:
        """Write the file, with its folder."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def summarise(funnel: Funnel, departures: Departures, messages: Sequence[SeenMessage], new_messages: int) -> Summary:
    """Put both sides together."""
    states = funnel.states
    return Summary(
        cohort=funnel.cohort,
        suppressed=dict(funnel.suppressed.most_common()),
        handed_over=funnel.handed_over,
        delivered=states["delivered"],
        undelivered=states["undelivered"] + states["failed"],
        cancelled=states["cancelled"],
        unknown=states["unknown"],
        rejected=states["rejected"],
        deferred=states["deferred"],
        expired=states["expired"],
        still_waiting=funnel.waiting,
        max_messages_per_number=most_on_one_telephone(messages),
        sent_after_settled=departures.after_settled,
        paid_meanwhile=departures.paid_meanwhile,
        new_messages=new_messages,
        at_gateway=len(messages),
        received_by_telephones=sum(1 for message in messages if message.received_at),
    )


def faults(summary: Summary, *, was_over: bool) -> Iterator[str]:
    """Everything that does not hold, a sentence each; nothing when the proof stands.

    `was_over`: an earlier demo in this folder had come to its end, so that this one must not send anything.
    """
    if not summary.handed_over:
        yield "nothing was handed over: there was no campaign to look at"
    if summary.max_messages_per_number > 1:
        yield f"a telephone got {summary.max_messages_per_number} messages"
    if summary.sent_after_settled:
        yield f"{summary.sent_after_settled} messages left although the records had shown the payment in time"
    if summary.at_gateway != summary.handed_over + summary.unknown:
        yield f"the gateway holds {summary.at_gateway} messages, the ledger handed {summary.handed_over} over"
    if summary.received_by_telephones != summary.delivered:
        yield f"telephones got {summary.received_by_telephones} messages, the ledger knows of {summary.delivered}"
    if summary.still_waiting or summary.unknown:
        yield f"{summary.still_waiting} notices still wait and {summary.unknown} have an unknown outcome"
    if was_over and summary.new_messages:
        yield f"the second run sent {summary.new_messages} messages more"
