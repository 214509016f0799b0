"""The other side of the gateway: what the emulator took, and what has to hold of all of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from sqlalchemy import Engine, text

from sandbox.stack import Stack

PAGE_SIZE = 100
PATIENCE_SECONDS = 30
# For each notice at the gateway: its subject, and whether the ledger has an approval of its run from before the claim.
KNOWN = """
select
    n.notice_id::text,
    n.campaign,
    n.subject,
    exists (
        select 1
        from ledger.approval as a
        where
            a.campaign_run_id = n.campaign_run_id and a.decision = 'approved' and a.decided_at <= (
                select min(e.changed_at)
                from ledger.notice_event as e
                where e.notice_id = n.notice_id and e.to_state = 'claimed'
            )
    ) as is_approved
from ledger.notice as n
where n.notice_id = any(cast(:notice_ids as uuid[]))
"""


@dataclass(frozen=True)
class Message:
    """One message that the gateway took, booked or sent."""

    notice_id: str
    number: str
    body: str


class Telephones:
    """Looks at the emulator, and makes it slow or bad-tempered."""

    def __init__(self, stack: Stack, owner: Engine) -> None:
        self._stack = stack
        self._owner = owner
        # What people have approved: number and text by notice id.
        self.approved: dict[str, tuple[str, str]] = {}

    def count(self) -> int:
        """How many messages the gateway has taken so far."""
        return int(self._call("GET", "emulator/counts")["accepted"])

    def messages(self) -> list[Message]:
        """All that it took."""
        found: list[Message] = []
        page, has_more = 1, True
        while has_more:
            query = {"page": page, "per_page": PAGE_SIZE}
            answer = self._call("GET", f"api/{self._stack.credentials.gateway_tenant}/messages", params=query)
            found += [Message(one["tags"][0], one["to"], one["body"]) for one in answer["data"]]
            page, has_more = page + 1, answer["has_more"]
        return found

    def behave(self, *rules: Mapping[str, Any]) -> None:
        """Faults from now on, in place of those before; without any the gateway is well."""
        self._call("POST", "emulator/faults", json={"rules": [dict(rule) for rule in rules]})

    def check(self) -> None:
        """Nobody got the same reminder twice, no telephone two at all, and nothing that nobody had approved."""
        messages = self.messages()
        with self._owner.connect() as connection:
            rows = connection.execute(text(KNOWN), {"notice_ids": [one.notice_id for one in messages]}).all()
        known = {row.notice_id: row for row in rows}
        assert [one for one in messages if one.notice_id not in known] == [], "messages of no notice"

        reminders = Counter((known[m.notice_id].campaign, known[m.notice_id].subject, m.number) for m in messages)
        assert _repeated(reminders) == {}, "the same reminder twice"
        # Every person of these tests has a telephone of their own, and is due one reminder at most.
        assert _repeated(Counter(one.number for one in messages)) == {}, "two messages to one telephone"
        assert self._call("GET", "emulator/counts")["tags"] == {}, "one notice, two messages"

        assert [row for row in rows if not row.is_approved] == [], "handed over before its run was approved"
        shown = {one.notice_id: (f"+81{one.number[1:]}", one.body) for one in messages}
        assert shown.items() <= self.approved.items(), "not what somebody approved"

    def _call(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._stack.credentials.gateway_token}"}
        url = f"{self._stack.gateway_url}/{path}"
        answer = requests.request(method, url, headers=headers, timeout=PATIENCE_SECONDS, **content)
        answer.raise_for_status()
        return dict(answer.json())


def _repeated(counts: Counter[Any]) -> dict[Any, int]:
    return {what: count for what, count in counts.items() if count > 1}
