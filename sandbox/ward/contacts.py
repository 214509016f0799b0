"""Telephone numbers of the residents, as people wrote them on forms, and who asked not to be sent SMS.

The numbers come from ranges of this ward's own, none of them ever to be used with a real gateway:

========================  =====================================================
070-90xx-xxxx             mobile, one million numbers
080-90xx-xxxx             mobile, one million numbers
090-90xx-xxxx             mobile, one million numbers
060-900x-xxxx to 060-9003 mobile, 40,000 numbers of the range opened in July 2026
03-90xx-xxxx              landlines
050-90xx-xxxx             internet telephony
0120-xxxxxx, +82 10-90xx  a few that no SMS reaches, written down by mistake
========================  =====================================================

Each resident has mobile numbers that nobody else has; sharing is always done on purpose.
"""

from dataclasses import dataclass

import numpy as np

from oshirase.domain.phone import PhoneIssue, PhoneType
from sandbox.ward.arrays import (
    FOREVER,
    HOUR,
    NEVER,
    Bools,
    Days,
    Draws,
    Ints,
    Texts,
    Times,
    at,
    digits,
    glue,
    pick,
    plus,
    whole,
)
from sandbox.ward.people import People
from sandbox.ward.planted import SHARERS, Role, has, positions
from sandbox.ward.spec import LARGEST, WardSpec
from sandbox.ward.tables import Rows, concat

_MILLION = 1_000_000
MOBILE_NUMBERS = 3_040_000
_STRIDE = 1_234_577  # shares no factor with MOBILE_NUMBERS: every slot gives another number
_IN_RANGE = 90_000_000  # what follows 070, 080, 090, 060, 03 and 050 starts with 90

_SEPARATOR_SHARES = (58.0, 22, 5, 3, 2, 3, 3, 1, 2, 1)
NO_PHONE, MOBILE, LANDLINE, VOIP, CUT_SHORT, PLACEHOLDER, TOLL_FREE, FOREIGN, EMPTY = range(9)
# Per cent, in the order of the kinds above.
_KINDS_UNDER_75 = (13.0, 77.0, 6.0, 1.0, 1.0, 0.7, 0.1, 0.6, 0.6)
_KINDS_FROM_75 = (14.0, 49.0, 34.0, 0.6, 0.9, 0.6, 0.1, 0.0, 0.8)
_KINDS_OF_CHILDREN = (94.0, 5.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_UNUSABLE = {
    LANDLINE: (PhoneType.LANDLINE, PhoneIssue.LANDLINE),
    VOIP: (PhoneType.VOIP, PhoneIssue.VOIP),
    CUT_SHORT: (PhoneType.UNKNOWN, PhoneIssue.MALFORMED),
    PLACEHOLDER: (PhoneType.UNKNOWN, PhoneIssue.MALFORMED),
    TOLL_FREE: (PhoneType.TOLL_FREE, PhoneIssue.TOLL_FREE),
    FOREIGN: (PhoneType.FOREIGN, PhoneIssue.FOREIGN),
    EMPTY: (PhoneType.UNKNOWN, PhoneIssue.MISSING),
}
_SHARES_WITH_HEAD = 0.08
_NUMBER_CHANGED, _SECOND_LANDLINE, _SECOND_MOBILE = 0.02, 0.06, 0.015
_CONFIRMED_YEARS = (62.0, 31.0, 5.0, 2.0)  # within 2 years, within 5, before that, never
_OPTED_OUT, _OPTED_OUT_NUMBER = 0.003, 0.0006


@dataclass(frozen=True)
class Contacts:
    """The first contact of each person: its kind, the mobile number (NO_NUMBER: none), the day it was confirmed."""

    kind: Ints
    mobile: Ints
    confirmed_on: Days

    @property
    def e164(self) -> Texts:
        """The usable number of each person, empty where there is none."""
        return np.where(self.kind == MOBILE, glue(b"+81", digits(self.mobile, 10)), np.bytes_(b""))


def mobile_numbers(slots: Ints, seed: int) -> Ints:
    """The ward's mobile numbers by slot, 10 digits without the leading 0; another slot, another number."""
    place = (slots * _STRIDE + seed % MOBILE_NUMBERS) % MOBILE_NUMBERS
    prefix = np.array([70, 80, 90, 60])[place // _MILLION]
    return prefix * 100_000_000 + _IN_RANGE + place % _MILLION


def make_contacts(spec: WardSpec, draws: Draws, people: People, roles: Ints) -> Contacts:
    """What the records hold of each person's telephone."""
    kind = _kinds(draws, people, roles)
    mobile = mobile_numbers(people.number, spec.seed)
    shares = (draws.uniform("shares number", len(people)) < _SHARES_WITH_HEAD) & ~people.is_head
    shares &= (kind == MOBILE) & (kind[people.head] == MOBILE)
    mobile = np.where(shares, mobile[people.head], mobile)
    for sharer, owner in SHARERS.items():
        mobile[positions(roles, sharer)] = mobile[positions(roles, owner)][: len(positions(roles, sharer))]
    return Contacts(kind, mobile, _confirmed(spec, draws, people, roles))


def _kinds(draws: Draws, people: People, roles: Ints) -> Ints:
    drawn = draws.uniform("contact kind", len(people))
    grown = np.where(people.age < 75, pick(drawn, _KINDS_UNDER_75), pick(drawn, _KINDS_FROM_75))
    kind = np.where(people.age < 16, pick(drawn, _KINDS_OF_CHILDREN), grown)
    kind = np.where(roles > Role.NONE, MOBILE, kind)
    for role, forced in {
        Role.NO_NUMBER: NO_PHONE,
        Role.LANDLINE: LANDLINE,
        Role.VOIP: VOIP,
        Role.MALFORMED: CUT_SHORT,
    }.items():
        kind = np.where(roles == role, forced, kind)
    return kind


def _confirmed(spec: WardSpec, draws: Draws, people: People, roles: Ints) -> Days:
    today = np.full(len(people), np.datetime64(spec.as_of_on, "D"))
    age = pick(draws.uniform("confirmed years", len(people)), _CONFIRMED_YEARS)
    age = np.where(roles > Role.NONE, 0, age)
    age = np.where(has(roles, Role.CONFIRMED_LONG_AGO), 2, np.where(has(roles, Role.NEVER_CONFIRMED), 3, age))
    within = draws.uniform("confirmed on", len(people))
    days = np.choose(
        age, [whole(within, 30, 730), whole(within, 731, 1780), whole(within, 1850, 3600), whole(within, 0, 0)]
    )
    return np.where(age == 3, NEVER, plus(today, -days))


def contact_rows(spec: WardSpec, draws: Draws, people: People, contacts: Contacts, roles: Ints) -> Rows:
    """Every contact in every version: the first one, second ones, and numbers that were replaced."""
    count = len(people)
    raw = _raw_texts(draws, "first", people, contacts.kind, contacts.mobile)
    recorded = np.maximum(
        people.known_at,
        np.where(np.isnat(contacts.confirmed_on), people.known_at, at(contacts.confirmed_on, 17 * HOUR)),
    )
    fate = np.where(roles > Role.NONE, 1.0, draws.uniform("further contacts", count))
    first = _rows(people.resident_id, 1, contacts.kind, raw, contacts.e164, contacts.confirmed_on, recorded)
    first = first.where(contacts.kind != NO_PHONE)

    changed = (contacts.kind == MOBILE) & (fate < _NUMBER_CHANGED) & (recorded > people.known_at)
    old = mobile_numbers(people.number + LARGEST, spec.seed)
    old_rows = _mobile_rows(draws, people, changed, 1, old, plus(contacts.confirmed_on, -900), people.known_at)
    superseded = Rows(old_rows.columns | {"superseded_at": recorded[changed]})

    landline = (contacts.kind == MOBILE) & (fate > 1 - _SECOND_LANDLINE) & (fate < 1)
    home = np.full(count, LANDLINE)
    home_raw = _raw_texts(draws, "home", people, home, contacts.mobile)
    nobody = np.full(count, np.bytes_(b""))
    second = _rows(people.resident_id, 2, home, home_raw, nobody, np.full(count, NEVER), people.known_at)

    spare = (contacts.kind == MOBILE) & (fate > 0.5) & (fate < 0.5 + _SECOND_MOBILE)
    spare_number = mobile_numbers(people.number + 2 * LARGEST, spec.seed)
    spare_on = np.minimum(plus(contacts.confirmed_on, -400), people.moved_in_on)
    third = _mobile_rows(draws, people, spare, 2, spare_number, spare_on, people.known_at)
    return concat([first, superseded, second.where(landline), third])


def _mobile_rows(
    draws: Draws, people: People, who: Bools, contact_no: int, mobile: Ints, confirmed_on: Days, recorded: Times
) -> Rows:
    kind = np.full(len(people), MOBILE)
    raw = _raw_texts(draws, f"mobile {contact_no}", people, kind, mobile)
    e164 = glue(b"+81", digits(mobile, 10))
    return _rows(people.resident_id, contact_no, kind, raw, e164, confirmed_on, recorded).where(who)


def _rows(
    resident_id: Texts, contact_no: int, kind: Ints, raw: Texts, e164: Texts, confirmed_on: Days, recorded: Times
) -> Rows:
    types = [b"", PhoneType.MOBILE.encode(), *(kind_type.encode() for kind_type, _ in _UNUSABLE.values())]
    reasons = [b"", b"", *(issue.encode() for _, issue in _UNUSABLE.values())]
    return Rows(
        {
            "resident_id": resident_id,
            "contact_no": np.full(len(kind), contact_no),
            "phone_raw": raw,
            "phone_e164": e164,
            "phone_type": np.array(types)[kind],
            "unusable_reason": np.array(reasons)[kind],
            "confirmed_on": confirmed_on,
            "recorded_at": recorded,
            "superseded_at": np.full(len(kind), FOREVER),
        }
    )


def _raw_texts(draws: Draws, topic: str, people: People, kind: Ints, mobile: Ints) -> Texts:
    """What stands in the form: written in one of ten ways for mobile numbers, plainly wrong for some."""
    way = pick(draws.uniform(f"written {topic}", len(people)), _SEPARATOR_SHARES)
    local = people.number * 7_919 % _MILLION
    middle, tail = digits(9_000 + local // 10_000, 4), digits(local % 10_000, 4)
    raw = np.where(kind == MOBILE, _mobile_texts(mobile, way), np.bytes_(b""))
    others = {
        LANDLINE: glue(b"03-", middle, b"-", tail),
        VOIP: glue(b"050-", middle, b"-", tail),
        CUT_SHORT: glue(b"090-", middle, b"-", digits(local % 1_000, 3)),
        PLACEHOLDER: np.full(len(kind), b"090-0000-0000"),
        TOLL_FREE: glue(b"0120-", digits(local, 6)),
        FOREIGN: glue(b"+82 10-", middle, b"-", tail),
        EMPTY: np.full(len(kind), np.bytes_("－".encode())),
    }
    for which, texts in others.items():
        raw = np.where(kind == which, texts, raw)
    return raw


def _mobile_texts(mobile: Ints, way: Ints) -> Texts:
    short, middle, last = (
        digits(mobile // 100_000_000, 2),
        digits(mobile // 10_000 % 10_000, 4),
        digits(mobile % 10_000, 4),
    )
    long = glue(b"0", short)
    dash, wide_dash = "ー".encode(), "−".encode()
    forms = [
        glue(long, b"-", middle, b"-", last),
        glue(long, middle, last),
        glue(_full_width(long), wide_dash, _full_width(middle), wide_dash, _full_width(last)),
        glue(long, b" ", middle, b" ", last),
        glue(b"+81 ", short, b"-", middle, b"-", last),
        glue(short, middle, last),
        glue(long, dash, middle, dash, last),
        glue(b"81-", short, b"-", middle, b"-", last),
        glue(b"(", long, b")", middle, b"-", last),
        glue(b"+81 (0)", short, b"-", middle, b"-", last),
    ]
    written = forms[0]
    for number, form in enumerate(forms):
        written = np.where(way == number, form, written)
    return written


def _full_width(texts: Texts) -> Texts:
    """ASCII digits as full-width ones: U+FF10 and up, three bytes each in UTF-8."""
    width = texts.dtype.itemsize
    ascii_codes = np.ascontiguousarray(texts).view(np.uint8).reshape(-1, width)
    wide = np.empty((*ascii_codes.shape, 3), dtype=np.uint8)
    wide[..., 0], wide[..., 1] = 0xEF, 0xBC
    wide[..., 2] = ascii_codes - ord("0") + 0x90
    return wide.reshape(len(texts), width * 3).view(f"S{width * 3}").ravel()


def opt_out_rows(spec: WardSpec, draws: Draws, people: People, contacts: Contacts, roles: Ints) -> Rows:
    """Who asked not to be sent SMS; by number alone where the caller could not be identified."""
    drawn = draws.uniform("opted out", len(people))
    natural = (contacts.kind == MOBILE) & (roles == Role.NONE)
    by_number = (drawn < _OPTED_OUT_NUMBER) & natural | has(roles, Role.OPTED_OUT_NUMBER)
    by_person = (drawn > 1 - _OPTED_OUT) & natural | has(roles, Role.OPTED_OUT)
    who = np.flatnonzero(by_number | by_person)
    today = np.full(len(who), np.datetime64(spec.as_of_on, "D"))
    from_on = plus(today, -whole(draws.uniform("opted out on", len(people))[who], 5, 500))
    return Rows(
        {
            "opt_out_id": glue(b"O", people.resident_id)[who],
            "resident_id": np.where(by_number, np.bytes_(b""), people.resident_id)[who],
            "phone_e164": np.where(by_number, contacts.e164, np.bytes_(b""))[who],
            "from_on": from_on,
            "recorded_at": at(from_on, 16 * HOUR),
            "superseded_at": np.full(len(who), FOREVER),
        }
    )
