"""The course of a run: bookings by the hour, receipts as they came in, settlements after the send, what it cost."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from uuid import UUID

from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.pacing import Booked, Pace
from oshirase.services.run_tally import LIVE, SENT, Tally


@dataclass(frozen=True)
class BookedHour:
    """Messages booked for one clock hour (JST), and how many of them the gateway has already."""

    starts_at: datetime
    booked: int
    handed_over: int


@dataclass(frozen=True)
class ReceivedHour:
    """Receipts recorded in one clock hour (JST), and all until its end."""

    starts_at: datetime
    received: int
    delivered_so_far: int
    not_delivered_so_far: int


@dataclass(frozen=True)
class SettledDay:
    """Settlements so many days after the send, and all until then; a negative number: before it was sent."""

    days_after: int
    settled: int
    settled_so_far: int


@dataclass(frozen=True)
class Cost:
    """Messages sent and the parts that we count; for those of which the gateway told it, what it charges."""

    sent: int
    parts: int
    charged_notices: int
    parts_of_charged: int
    charged_parts: int

    @property
    def difference(self) -> int:
        """Parts charged beyond those that we count, of the same messages."""
        return self.charged_parts - self.parts_of_charged


def room_in_hour(campaign: Campaign, city: City) -> int:
    """How many messages of a campaign its section can take in an hour in which nothing else is booked."""
    return Pace(campaign.pacing, city.sections[campaign.section]).room_in_hour(Booked())


def list_booked_hours(tally: Tally) -> list[BookedHour]:
    """Hours for which something is booked that has left or may yet leave, in order."""
    booked: Counter[datetime] = Counter()
    handed_over: Counter[datetime] = Counter()
    for heap in tally.of(*LIVE):
        if heap.booked_hour is not None:
            booked[heap.booked_hour] += heap.notices
            handed_over[heap.booked_hour] += heap.handed_over
    return [BookedHour(hour.astimezone(JST), booked[hour], handed_over[hour]) for hour in sorted(booked)]


def list_received_hours(tally: Tally) -> list[ReceivedHour]:
    """Hours in which receipts were recorded, in order."""
    received: defaultdict[datetime, Counter[bool]] = defaultdict(Counter)
    for heap in tally.heaps:
        if heap.received_hour is not None:
            received[heap.received_hour][heap.state == "delivered"] += heap.notices
    hours = sorted(received)
    delivered = accumulate(received[hour][True] for hour in hours)
    others = accumulate(received[hour][False] for hour in hours)
    return [
        ReceivedHour(hour.astimezone(JST), received[hour].total(), *so_far)
        for hour, *so_far in zip(hours, delivered, others, strict=True)
    ]


def list_settled_days(settled: Mapping[int, int]) -> list[SettledDay]:
    """Days on which matters were settled of which a message was sent, counted from the day of each send."""
    days = sorted(settled)
    so_far = accumulate(settled[day] for day in days)
    return [SettledDay(day, settled[day], until) for day, until in zip(days, so_far, strict=True)]


def count_cost(tally: Tally) -> Cost:
    """What was sent costs, as we count it and as it is charged."""
    sent = [*tally.of(*SENT), *(heap for heap in tally.of("cancelled") if heap.charged_parts)]
    return Cost(
        sent=sum(heap.notices for heap in sent),
        parts=sum(heap.parts for heap in sent),
        charged_notices=sum(heap.charged_notices for heap in sent),
        parts_of_charged=sum(heap.charged_notices * heap.parts_each for heap in sent),
        charged_parts=sum(heap.charged_parts for heap in sent),
    )


def count_texts(tally: Tally) -> tuple[Counter[UUID], Counter[UUID], Counter[str]]:
    """How many were to get each text, how many of them were handed over, and how many were drawn for each arm."""
    notices: Counter[UUID] = Counter()
    handed_over: Counter[UUID] = Counter()
    arms: Counter[str] = Counter()
    for heap in tally.heaps:
        if heap.arm is not None:
            arms[heap.arm] += heap.notices
        if heap.text_id is not None:
            notices[heap.text_id] += heap.notices
            handed_over[heap.text_id] += heap.handed_over
    return notices, handed_over, arms
