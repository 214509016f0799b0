"""Everything that is held on one person, for a request of disclosure; on record before anything is read."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.notice import STATE_LABELS, NoticeState, reason_in_words
from oshirase.domain.subject import subject_in_words
from oshirase.domain.values import BadValue
from oshirase.errors import OshiraseError
from oshirase.services.access import ACCESS_LABELS, record_export
from oshirase.services.notice_life import NoticeLife, load_lives
from oshirase.services.person import normalise_id

TABLE_LABELS = {
    "resident": "住民の記録",
    "contact": "電話番号の記録",
    "enrolment": "保険の資格",
    "levy": "保険料の調定",
    "payment": "保険料の収納",
    "plan": "分割納付の約束",
    "plan_instalment": "分割納付の各回",
    "plan_levy": "分割納付の対象",
    "hold": "送信を見合わせる事由",
    "screening_voucher": "健診の受診券",
    "screening": "健診の受診",
    "opt_out": "SMS送信停止の申出",
    "inquiry": "電話でのお問合せ",
    "id_change": "宛名番号の変更",
}


class NoSuchPerson(OshiraseError):
    """Nothing is held under an id; the message does not repeat it."""


@dataclass(frozen=True)
class Person:
    """Whom an id means; `ids` also as purged notices have them."""

    ids: Sequence[str] = field(repr=False)
    is_known: bool
    is_protected: bool


@dataclass(frozen=True)
class Disclosure:
    """All that is held on a person. Of the others of the household nothing; of staff not who they are."""

    asked_at: datetime
    is_protected: bool
    facts: Mapping[str, Sequence[dict[str, Any]]] = field(repr=False)
    notices: Sequence[dict[str, Any]] = field(repr=False)
    # Messages to the person's numbers of which the ledger knew nothing after a restore.
    found: Sequence[dict[str, Any]] = field(repr=False)
    accesses: Sequence[dict[str, Any]] = field(repr=False)

    def as_json(self) -> bytes:
        """For programs."""
        content = {
            "asked_at": self.asked_at, "is_protected": self.is_protected, "records": self.facts,
            "notices": self.notices, "found_at_gateway": self.found, "accesses": self.accesses,
        }  # fmt: skip
        return (json.dumps(content, ensure_ascii=False, indent=2, default=_written) + "\n").encode()

    def as_text(self) -> bytes:
        """For the person, in Japanese."""
        lines = [f"保有個人情報の写し（{_written(self.asked_at)}現在）", ""]
        if self.is_protected:
            lines += [
                "※ 支援措置の対象の方です。交付の前に、ご本人であることを必ず確認してください。",
                "",
            ]
        for table, facts in self.facts.items():
            lines += [f"■ {TABLE_LABELS.get(table, table)}（{len(facts)}件）", *map(_line, facts), ""]
        lines += [f"■ お知らせ（{len(self.notices)}件）", *map(_line, self.notices), ""]
        if self.found:
            lines += [f"■ システムの復元の際に見つかった送信（{len(self.found)}件）", *map(_line, self.found), ""]
        lines += [f"■ 照会・書き出しの記録（{len(self.accesses)}件）", *map(_line, self.accesses), ""]
        return "\r\n".join(lines).encode("utf-8-sig")


def _line(values: Mapping[str, Any]) -> str:
    return "・" + "、".join(f"{name}: {_flat(value)}" for name, value in values.items() if value not in (None, [], ""))


def _flat(value: object) -> str:
    if isinstance(value, list):
        return " / ".join(" ".join(_flat(part) for part in one.values() if part is not None) for one in value)
    return str(_written(value)) if isinstance(value, date) else str(value)


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(JST).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form")


def read_id(written: str) -> str:
    """A resident id as somebody types it.

    Raises:
        NoSuchPerson: it can be none.
    """
    try:
        return normalise_id(written)
    except BadValue:
        raise NoSuchPerson("what was typed is no resident id: check the digits") from None


def find_person(engine: Engine, resident_id: str, key: bytes, now: datetime) -> Person:
    """Whom an id means.

    Raises:
        NoSuchPerson: neither records nor ledger have anybody of that id.
    """
    binds = {"resident_id": resident_id, "on_day": now.astimezone(JST).date(), "key": key}
    with engine.connect() as connection:
        found = connection.execute(statement("people/find_person"), binds).one()
        facts = connection.execute(statement("person/list_facts"), {"ids": found.ids}).first()
        notices = connection.execute(statement("person/list_notices"), {"ids": found.ids}).first()
    if facts is None and notices is None:
        raise NoSuchPerson("nothing is held under this resident id: check the digits")
    return Person(found.ids, found.is_known, found.is_protected)


def disclose(
    engine: Engine,
    resident_id: str,
    titles: Mapping[str, str],
    reason: str,
    by: str,
    now: datetime,
    key: bytes,
) -> Disclosure:
    """Record the request, then gather everything. `titles`: what staff call each campaign, by name.

    Raises:
        NoSuchPerson: nothing is held; that somebody asked is on record all the same.
    """
    record_export(engine, resident_id, titles, reason, by, now)
    person = find_person(engine, resident_id, key, now)
    ids = {"ids": person.ids}
    facts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with engine.connect() as connection:
        for row in connection.execute(statement("person/list_facts"), ids):
            facts[row.table_name].append(row.fact)
        numbers = {row.notice_id: row.phone_e164 for row in connection.execute(statement("person/list_notices"), ids)}
        found = connection.execute(statement("person/list_found"), ids).all()
        accesses = connection.execute(statement("person/list_accesses"), ids).all()
    lives = load_lives(engine, list(numbers))
    return Disclosure(
        asked_at=now,
        is_protected=person.is_protected,
        facts={table: facts[table] for table in TABLE_LABELS if table in facts},
        notices=[_notice(life, numbers[life.notice_id], titles.get) for life in lives],
        found=[{"受付": row.accepted_at, "送信予定": row.scheduled_at, "電話番号": row.phone_e164} for row in found],
        accesses=[{"種類": ACCESS_LABELS[row.kind], "日時": row.accessed_at, "理由": row.reason} for row in accesses],
    )


def _notice(life: NoticeLife, number: str | None, title_of: Callable[[str, str], str]) -> dict[str, Any]:
    title = title_of(life.campaign, life.campaign)
    return {
        "お知らせ": title,
        "内容": subject_in_words(life.subject, title),
        "予定日": life.occurrence_on,
        "状態": STATE_LABELS[NoticeState(life.state)],
        "理由": reason_in_words(life.reason) if life.reason else None,
        "対象になった理由": life.selection,
        "割り当てた文面": life.arm,
        "電話番号": number,
        "文面": life.body,
        "送信予定": life.scheduled_at,
        "送信": life.sent_at,
        "着信": life.received_at,
        "携帯電話会社": life.carrier,
        "納付・受診": life.settled_on,
        "個人情報の削除": life.purged_at,
        "送達結果": [
            {"日時": one.recorded_at, "結果": one.result, "状態": one.status, "送信": one.sent_result}
            for one in life.receipts
        ],
        "経過": [
            {"日時": one.changed_at, "状態": STATE_LABELS[NoticeState(one.to_state)], "理由": one.reason}
            for one in life.events
        ],
    }
