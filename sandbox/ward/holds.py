"""Holds: why the premium section must not remind somebody just now."""

import numpy as np

from sandbox.ward.arrays import FOREVER, HOUR, NEVER, Draws, Ints, at, glue, pick, plus, whole
from sandbox.ward.people import People
from sandbox.ward.planted import HOLD_ROLES, Role, has
from sandbox.ward.spec import WardSpec
from sandbox.ward.tables import Rows

# In the order of the roles that plant them.
KINDS = np.array(
    [
        b"deferral_pending",
        b"reduction_pending",
        b"enforcement",
        b"suspended_enforcement",
        b"bankruptcy",
        b"disputed",
        b"in_consultation",
    ]
)
_KIND_SHARES = (12.0, 22.0, 16.0, 12.0, 5.0, 5.0, 28.0)
_HELD, _ENDED = 0.03, 0.25


def hold_rows(spec: WardSpec, draws: Draws, people: People, obligors: Ints, roles: Ints) -> Rows:
    """Holds on some of the obligors; a quarter of them has ended."""
    kind = pick(draws.uniform("hold kind", len(people)), _KIND_SHARES)
    held = np.zeros(len(people), dtype=bool)
    held[obligors] = draws.uniform("hold", len(people))[obligors] < _HELD
    planted = has(roles, *HOLD_ROLES)
    who = np.flatnonzero(held & (roles == Role.NONE) | planted)
    kind = np.where(planted, roles - Role.DEFERRAL_PENDING, kind)[who]
    today = np.full(len(who), np.datetime64(spec.as_of_on, "D"))
    from_on = plus(today, -whole(draws.uniform("hold from", len(people))[who], 15, 180))
    ended = (draws.uniform("hold ended", len(people)) < _ENDED)[who] & ~planted[who]
    has_limit = ended | (kind < 2)
    until_on = np.where(ended, plus(today, -10), plus(today, 60))
    return Rows(
        {
            "hold_id": glue(b"H", people.resident_id)[who],
            "resident_id": people.resident_id[who],
            "kind": KINDS[kind],
            "from_on": from_on,
            "until_on": np.where(has_limit, until_on, NEVER),
            "recorded_at": at(from_on, 13 * HOUR),
            "superseded_at": np.full(len(who), FOREVER),
        }
    )
