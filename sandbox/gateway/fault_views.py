"""Faults of what is seen: messages as lists and look-ups show them, while the store keeps the truth.

A message carries its whole life (see `lifecycle`), so a late or contradictory receipt is a message with another life.
The list's own filters go by what is shown.
"""

import json
import time
from collections.abc import Mapping

from sandbox.gateway.emulator import Emulator
from sandbox.gateway.faults import Faults, SetRule
from sandbox.gateway.lifecycle import Message, result_at, sent_result_at, status_at
from sandbox.gateway.validation import MessageQuery

# What is seen first and what later, in the order of the hash; all four come up.
CONTRADICTIONS = (("received", "error"), ("received", "unknown"), ("error", "received"), ("unknown", "received"))
EVERYTHING = 10**9


class View:
    """Finds messages as the contract's calls show them."""

    def __init__(self, emulator: Emulator, faults: Faults) -> None:
        self._emulator = emulator
        self._faults = faults

    def get(self, message_id: str, now: int) -> Message:
        """Return a message. Raises ContractError(`model_not_found`)."""
        return self._show(self._emulator.get(message_id), now)

    def find(self, query: MessageQuery, now: int) -> tuple[list[Message], bool]:
        """Return a page of messages and whether more follow; see `Store.find`."""
        if not self._faults.views:
            return self._emulator.store.find(query, now)
        rules = {rule.rule.fault: rule for rule in self._faults.views if _strikes_page(rule, query)}
        if lag := rules.get("lag"):
            query = _lagging(lag, query, now)
        messages, has_more = self._page(query, now)
        if "duplicated" in rules:
            messages = self._repeat(messages, query, now)
        return messages[::-1] if "reordered" in rules else messages, has_more

    def _page(self, query: MessageQuery, now: int) -> tuple[list[Message], bool]:
        """Return a page of messages as they show. The store filters by their true states, so it is not asked to."""
        if query.filters.keys().isdisjoint(STATES):
            messages, has_more = self._emulator.store.find(query, now)
            return [self._show(message, now) for message in messages], has_more
        stateless = {name: value for name, value in query.filters.items() if name not in STATES}
        everything, _ = self._emulator.store.find(MessageQuery(stateless, per_page=EVERYTHING), now)
        fitting = [shown for message in everything if _fits(shown := self._show(message, now), query, now)]
        start, end = (query.page - 1) * query.per_page, query.page * query.per_page
        return fitting[start:end], len(fitting) > end

    def _repeat(self, messages: list[Message], query: MessageQuery, now: int) -> list[Message]:
        """Repeat the last message of the page before, on a first page its own first one: a page of one more."""
        if query.page == 1:
            return messages[:1] + messages
        last = query._replace(page=(query.page - 1) * query.per_page, per_page=1)
        return self._page(last, now)[0] + messages

    def _show(self, message: Message, now: int) -> Message:
        for rule in self._faults.views:
            if rule.rule.fault in CHANGES and _is_concluded(message, now):
                tag = next(iter(json.loads(message.tags)), message.to)
                if rule.strikes_message(message.id, tag):
                    message = CHANGES[rule.rule.fault](rule, message, now)
        return message


def _delay(rule: SetRule, message: Message, now: int) -> Message:
    assert message.concluded_at is not None
    return message._replace(concluded_at=message.concluded_at + round(rule.rule.seconds))


def _contradict(rule: SetRule, message: Message, now: int) -> Message:
    """Show one result in the first poll, and the other, with that poll's time, in all that follow."""
    first, later = CONTRADICTIONS[int(rule.draw(f"which {message.tags} {message.to}") * len(CONTRADICTIONS))]
    if message.id not in rule.first_seen:
        rule.first_seen[message.id] = now
        return message._replace(conclusion=first)
    return message._replace(conclusion=later, concluded_at=rule.first_seen[message.id])


CHANGES = {"late_receipts": _delay, "contradictory": _contradict}
STATES = {"status": status_at, "result": result_at, "sent_result": sent_result_at}


def _strikes_page(rule: SetRule, query: MessageQuery) -> bool:
    tag = query.filters.get("tag")
    return rule.rule.fault not in CHANGES and rule.strikes_call(None if tag is None else str(tag))


def _lagging(rule: SetRule, query: MessageQuery, now: int) -> MessageQuery:
    """Narrow a list to the messages that are `seconds` old, by the rule's clock."""
    filters: Mapping[str, str | int]
    if rule.rule.clock == "real":
        filters = _old_in_real_time(rule)
    else:
        end_at = now - round(rule.rule.seconds)
        filters = {"end_at": min(end_at, int(query.filters.get("end_at", end_at)))}
    return query._replace(filters={**query.filters, **filters})


def _old_in_real_time(rule: SetRule) -> dict[str, int]:
    limit = time.monotonic() - rule.rule.seconds
    while rule.accepted and rule.accepted[0][0] <= limit:
        rule.accepted.popleft()
    return {"before_seq": rule.accepted[0][1]} if rule.accepted else {}


def _is_concluded(message: Message, now: int) -> bool:
    return status_at(message, now) == "done" and result_at(message, now) == "done"


def _fits(message: Message, query: MessageQuery, now: int) -> bool:
    return all(read(message, now) == query.filters.get(name, read(message, now)) for name, read in STATES.items())
