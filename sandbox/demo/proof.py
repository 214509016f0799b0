"""The proof from the other side: what the telephones got, held against the ledger and the records."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sandbox.demo.ledger import Departures, Funnel, SentNotice
from sandbox.demo.playbill import Play
from sandbox.stack.telephones import SeenMessage, most_on_one_telephone


@dataclass(frozen=True)
class Counts:
    """Counts of notices, and of messages where the name says so.

    `undelivered` holds messages that no telephone got, whatever the reason (the ledger's undelivered and failed).
    `sent_after_settled` and `paid_meanwhile` are defined at `ledger.Departures`, `settled_since` at `ledger.Funnel`.
    """

    cohort: int
    suppressed: dict[str, int]
    held_out: int
    deferred: int
    handed_over: int
    delivered: int
    undelivered: int
    cancelled: int
    unknown: int
    rejected: int
    expired: int
    still_waiting: int
    settled_since: int
    max_messages_per_number: int
    sent_after_settled: int
    paid_meanwhile: int
    new_messages: int
    at_gateway: int
    received_by_telephones: int

    @property
    def ended(self) -> int:
        """How many of the cohort are in one of the states above."""
        kept_back = sum(self.suppressed.values()) + self.held_out + self.deferred + self.expired + self.rejected
        return kept_back + self.delivered + self.undelivered + self.cancelled + self.unknown + self.still_waiting


@dataclass(frozen=True)
class CampaignCounts(Counts):
    """One campaign's part of the summary; `played_on` is later than `occurrence_on` when a missed one was recovered."""

    title: str
    occurrence_on: str
    played_on: str


@dataclass(frozen=True)
class Summary(Counts):
    """`build/demo/summary.json`: all campaigns together, and each one by its name, in the order of the story.

    `max_messages_per_number` counts over all campaigns, `at_gateway` also what no notice of the ledger accounts for.
    """

    campaigns: dict[str, CampaignCounts]
    seconds: float = 0.0

    def write(self, path: Path) -> None:
        """Write the file, with its folder."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


# What the ledger says of each play, by the campaign's name.
Funnels = Mapping[str, Funnel]


def summarise(
    plays: Sequence[Play],
    funnels: Funnels,
    departures: Mapping[str, Departures],
    messages: Sequence[SeenMessage],
    notices: Mapping[str, SentNotice],
    departed_before: Counter[str | None],
) -> Summary:
    """Put both sides together; `departed_before` has what had left before this demo began, see `departed`."""
    of = {play.name: [m for m in messages if campaign_of(m, notices) == play.name] for play in plays}
    new = departed(messages, notices) - departed_before
    parts = {
        play.name: CampaignCounts(
            **_ledgers_side(funnels[play.name], departures.get(play.name, Departures())),
            **_telephones_side(of[play.name], new[play.name]),
            title=play.campaign.title,
            occurrence_on=play.occurrence_on.isoformat(),
            played_on=play.plays_at.date().isoformat(),
        )
        for play in plays
    }
    return Summary(**_together(list(parts.values())) | _telephones_side(messages, new.total()), campaigns=parts)


def campaign_of(message: SeenMessage, notices: Mapping[str, SentNotice]) -> str | None:
    """The campaign of a message's notice; None when the ledger does not know the notice."""
    notice = notices.get(message.notice_id)
    return notice.campaign if notice else None


def departed(messages: Sequence[SeenMessage], notices: Mapping[str, SentNotice]) -> Counter[str | None]:
    """Messages that have left the gateway, by campaign."""
    return Counter(campaign_of(message, notices) for message in messages if message.sent_at)


def _ledgers_side(funnel: Funnel, departures: Departures) -> dict[str, Any]:
    states = funnel.states
    return {
        "cohort": funnel.cohort,
        "suppressed": dict(funnel.suppressed.most_common()),
        "held_out": states["held_out"],
        "deferred": states["deferred"],
        "handed_over": funnel.handed_over,
        "delivered": states["delivered"],
        "undelivered": states["undelivered"] + states["failed"],
        "cancelled": states["cancelled"],
        "unknown": states["unknown"],
        "rejected": states["rejected"],
        "expired": states["expired"],
        "still_waiting": funnel.waiting,
        "settled_since": funnel.settled_since,
        "sent_after_settled": departures.after_settled,
        "paid_meanwhile": departures.paid_meanwhile,
    }


def _telephones_side(messages: Sequence[SeenMessage], new_messages: int) -> dict[str, Any]:
    return {
        "max_messages_per_number": most_on_one_telephone(messages),
        "new_messages": new_messages,
        "at_gateway": len(messages),
        "received_by_telephones": sum(1 for message in messages if message.received_at),
    }


def _together(parts: Sequence[Counts]) -> dict[str, Any]:
    """The sums of all counts, reasons one by one."""
    suppressed = sum((Counter(part.suppressed) for part in parts), Counter[str]())
    numbers = [field.name for field in fields(Counts) if field.name != "suppressed"]
    sums = {name: sum(getattr(part, name) for part in parts) for name in numbers}
    return sums | {"suppressed": dict(suppressed.most_common())}


def faults(summary: Summary, *, was_over: bool) -> Iterator[str]:
    """Everything that does not hold, a sentence each; nothing when the proof stands.

    `was_over`: an earlier demo in this folder had come to its end, so that this one must not send anything.
    """
    for name, part in summary.campaigns.items():
        if not part.cohort:
            yield f"{name}: nobody was selected"
        yield from (f"{name}: {fault}" for fault in _faults(part, was_over=was_over))
    if not summary.handed_over:
        yield "all campaigns: nothing was handed over: there was nothing to look at"
    yield from (f"all campaigns: {fault}" for fault in _faults(summary, was_over=was_over))


def _faults(counts: Counts, *, was_over: bool) -> Iterator[str]:
    if counts.max_messages_per_number > 1:
        yield f"a telephone got {counts.max_messages_per_number} messages"
    if counts.sent_after_settled:
        yield f"{counts.sent_after_settled} messages left although the records had shown the subject settled in time"
    if counts.ended != counts.cohort:
        yield f"of {counts.cohort} cohort members, {counts.ended} are in a known state"
    if counts.at_gateway != counts.handed_over + counts.unknown:
        yield f"the gateway holds {counts.at_gateway} messages, the ledger handed {counts.handed_over} over"
    if counts.received_by_telephones != counts.delivered:
        yield f"telephones got {counts.received_by_telephones} messages, the ledger knows of {counts.delivered}"
    if counts.still_waiting or counts.unknown:
        yield f"{counts.still_waiting} notices still wait and {counts.unknown} have an unknown outcome"
    if was_over and counts.new_messages:
        yield f"the second run sent {counts.new_messages} messages more"
