"""Screening: the order of the reasons, the arms, the line."""

import hashlib
import re
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from oshirase.adapters.paths import project_home
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HoldOut
from oshirase.domain.notice import SUPPRESSION_LABELS, NoticeState
from oshirase.services import screening
from tests.campaigns import (
    test_health_check,
    test_late_elderly_overdue,
    test_nhi_overdue,
    test_plan_default,
    test_public_notice,
)
from tests.ledger import create_notice, create_run
from tests.people import create_contact, create_enrolment, create_levy, create_payment, create_resident, insert
from tests.scene import KEY, OCCURRENCE, Scene

RESIDENT, PHONE = "0000000777", "+819077770777"
CAMPAIGN_OF = {"levy": "nhi_overdue", "plan": "plan_default", "check_up": "health_check"}
SUBJECTS = {"levy": f"nhi/2026/4/{RESIDENT}", "plan": "plan/B777/1", "check_up": "check_up/2026/1/777"}
TODAY = OCCURRENCE.date()
CAMPAIGNS = (test_nhi_overdue, test_late_elderly_overdue, test_plan_default, test_health_check, test_public_notice)


def reason(scene: Scene, subject: str) -> str | None:
    """What screening says of the one member of a cohort."""
    with scene.engine.connect() as connection:
        screening.make_workspace(connection)
        connection.execute(
            text("insert into cohort (subject, resident_id, fields) values (:subject, :id, '{}')"),
            {"subject": subject, "id": RESIDENT},
        )
        screening.screen_cohort(connection, scene.campaign, scene.city, TODAY, OCCURRENCE, KEY)
        found: str | None = connection.scalar(text("select reason from screened"))
        connection.rollback()
    return found


def run(scene: Scene, statement: str) -> None:
    with scene.owner.begin() as connection:
        connection.execute(text(statement))


def everything_speaks_against(scene: Scene) -> dict[str, list[str | Any]]:
    """Somebody to whom every reason applies, as far as they go together; and what lifts each reason, in order."""
    owner = scene.owner
    create_levy(owner, RESIDENT, levy_id="L777", collection="direct_debit", due_on=date(2026, 9, 30))
    create_payment(owner, "L777", payment_id="P777")
    plan = {"plan_id": "B777", "scheme": "nhi", "obligor_id": RESIDENT, "agreed_on": date(2026, 9, 1)}
    insert(owner, "plan", **plan, status="active")
    insert(owner, "plan_instalment", plan_id="B777", instalment=1, due_on=date(2026, 9, 30), amount_yen=12_000)
    insert(owner, "plan_levy", plan_id="B777", levy_id="L777")
    insert(owner, "screening", resident_id=RESIDENT, fiscal_year=2026, screened_on=date(2026, 8, 1))
    insert(owner, "hold", hold_id="H777", resident_id=RESIDENT, kind="disputed", from_on=date(2026, 9, 1))
    insert(owner, "opt_out", opt_out_id="O777", resident_id=RESIDENT, from_on=date(2026, 9, 1))
    other = create_resident(owner, phone=PHONE, is_protected=True)
    run(scene, "update records.levy set superseded_at = '2026-10-01' where levy_id = 'L777'")
    run(scene, "update records.plan set superseded_at = '2026-10-01' where plan_id = 'B777'")
    for kind, campaign in CAMPAIGN_OF.items():
        earlier = create_run(owner, occurrence_on="2026-09-02", campaign=campaign)
        create_notice(
            owner, earlier, SUBJECTS[kind], campaign=campaign, state=NoticeState.DELIVERED, phone_e164=PHONE,
            scheduled_at=OCCURRENCE - timedelta(days=7),
        )  # fmt: skip
    resident = "update records.resident set {} where resident_id = '" + RESIDENT + "'"
    return {
        "not_in_records": [
            lambda: insert(
                owner, "resident", resident_id=RESIDENT, household_id="777", is_head=True, birth_on=date(2010, 1, 1),
                status="deceased", is_protected=True,
            )
        ],
        "protected": [resident.format("is_protected = false")],
        "deceased": [resident.format("status = 'moved_out'")],
        "moved_out": [resident.format("status = 'resident'")],
        "minor": [resident.format("birth_on = '1951-10-02'")],
        "withdrawn": [
            "update records.levy set superseded_at = 'infinity' where levy_id = 'L777'",
            "update records.plan set superseded_at = 'infinity' where plan_id = 'B777'",
        ],
        "screened": ["delete from records.screening"],
        "settled": ["delete from records.payment"],
        "disputed": ["delete from records.hold"],
        "on_plan": ["delete from records.plan_levy", "update records.plan set status = 'cancelled'"],
        "plan_ended": ["update records.plan set status = 'active'"],
        "direct_debit": ["update records.levy set collection = 'ordinary'"],
        "not_insured": [lambda: create_enrolment(owner, RESIDENT, "nhi")],
        "over_age": [resident.format("birth_on = '1951-10-03'")],
        "not_eligible": [
            lambda: insert(
                owner, "screening_voucher", resident_id=RESIDENT, fiscal_year=2026, posted_on=date(2026, 6, 25)
            )
        ],
        "opted_out": ["delete from records.opt_out"],
        "no_phone": [lambda: create_contact(owner, RESIDENT, None)],
        "phone_unusable": [
            lambda: create_contact(owner, RESIDENT, PHONE, contact_no=2, confirmed_on=date(2020, 1, 1)),
        ],
        "phone_not_confirmed": ["update records.contact set confirmed_on = '2026-04-01' where contact_no = 2"],
        "phone_of_protected": [f"update records.resident set is_protected = false where resident_id = '{other}'"],
        "already_reminded": [],
    }  # fmt: skip


# Reasons that only one kind of subject has.
ONLY = {
    "levy": {"settled", "withdrawn", "disputed", "on_plan", "direct_debit"},
    "plan": {"settled", "withdrawn", "disputed", "plan_ended"},
    "check_up": {"screened", "over_age", "not_eligible"},
}


@pytest.mark.parametrize("kind", SUBJECTS)
def test_the_first_reason_in_the_documented_order_is_kept(scene: Scene, kind: str) -> None:
    """Everything speaks against the person; the reasons are lifted one after the other."""
    scene.campaign = scene.campaign.model_copy(update={"name": CAMPAIGN_OF[kind]})
    others = set().union(*(reasons for other, reasons in ONLY.items() if other != kind)) - ONLY[kind]
    found = []
    for expected, lifts in everything_speaks_against(scene).items():
        if expected not in others:
            found.append((expected, reason(scene, SUBJECTS[kind])))
        for lift in lifts:
            run(scene, lift) if isinstance(lift, str) else lift()
    assert [told for _, told in found] == [expected for expected, _ in found]


def test_what_a_number_was_sent_lately_comes_last(scene: Scene) -> None:
    for lifts in everything_speaks_against(scene).values():
        for lift in lifts:
            run(scene, lift) if isinstance(lift, str) else lift()
    assert reason(scene, f"nhi/2026/5/{RESIDENT}") == "withdrawn"
    create_levy(scene.owner, RESIDENT, instalment=5)
    assert reason(scene, f"nhi/2026/5/{RESIDENT}") == "recently_reminded"


def test_every_reason_has_a_person_in_some_campaigns_cast() -> None:
    shown = {person.expected.removeprefix("suppressed/") for campaign in CAMPAIGNS for person in campaign.CAST}
    # A number that changes between planning and claim, a run that is planned anew, and one that is recovered after a
    # later one have tests of their own, as has a restore.
    assert set(SUPPRESSION_LABELS) - shown == {"phone_changed", "not_selected", "superseded", "found_at_gateway"}


def test_the_reasons_are_documented_in_the_order_of_judgement() -> None:
    page = (project_home() / "docs" / "screening.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| \d+ \| `(\w+)` \| ([^|]+?) \|", page, re.MULTILINE)
    assert documented == list(SUPPRESSION_LABELS.items())


# Arms: a keyed hash of resident and campaign season


def arms(scene: Scene, residents: int, **other: Any) -> dict[str, str]:
    """The arm of each of so many residents of an announcement; nothing of them is in the records."""
    named = {"name": other.get("campaign", "nhi_overdue"), "hold_out": HoldOut(share=0.2)}
    campaign = scene.campaign.model_copy(update=named)
    with scene.engine.connect() as connection:
        screening.make_workspace(connection)
        connection.execute(
            text(
                "insert into cohort (subject, resident_id, fields)"
                " select 'a/' || k, lpad(k::text, 10, '0'), '{}' from generate_series(1, :n) as k"
            ),
            {"n": residents},
        )
        screening.screen_cohort(connection, campaign, scene.city, other.get("on", TODAY), OCCURRENCE, KEY)
        rows = connection.execute(text("select resident_id, arm from screened")).all()
        connection.rollback()
    return {row.resident_id: row.arm for row in rows}


def test_the_arms_are_within_what_chance_allows_over_100_000_residents(scene: Scene) -> None:
    """Four standard deviations; hold-out 20 %, the two variants 40 % each."""
    n = 100_000
    found = Counter(arms(scene, n).values())
    for arm, share in (("hold_out", 0.2), ("plain", 0.4), ("relief", 0.4)):
        assert abs(found[arm] - n * share) < 4 * (n * share * (1 - share)) ** 0.5


def test_the_arms_of_two_campaigns_are_independent(scene: Scene) -> None:
    """Held out by both: 4 % of 20,000, within four standard deviations."""
    n, one = 20_000, arms(scene, 20_000)
    other = arms(scene, n, campaign="plan_default")
    both = sum(1 for resident, arm in one.items() if arm == other[resident] == "hold_out")
    assert abs(both - n * 0.04) < 4 * (n * 0.04 * 0.96) ** 0.5


def test_the_arms_stay_over_a_season_and_are_drawn_anew_for_the_next(scene: Scene) -> None:
    now, later, next_year = (arms(scene, 2_000, on=day) for day in (TODAY, date(2027, 4, 2), date(2027, 7, 2)))
    assert now == later
    assert 400 < sum(1 for resident, arm in now.items() if arm != next_year[resident]) < 1_900


def test_the_arm_is_what_the_documented_hash_says(scene: Scene) -> None:
    """The same on every machine: computed here by hand."""
    for resident, arm in arms(scene, 200).items():
        digest = hashlib.sha256(KEY + f"nhi_overdue/2026/{resident}".encode()).hexdigest()
        draw = int(digest[:8], 16) / 2**32
        assert arm == ("hold_out" if draw < 0.2 else "plain" if draw < 0.6 else "relief")


TWO_THOUSAND_RESIDENTS = """
insert into records.resident (resident_id, household_id, is_head, birth_on, status, recorded_at)
select lpad(k::text, 10, '0'), lpad(k::text, 10, '0'), true, '1980-01-01', 'resident', '2026-06-01'
from generate_series(1, 2000) as k
"""
THEIR_TELEPHONES = """
insert into records.contact (resident_id, contact_no, phone_raw, phone_e164, phone_type, confirmed_on, recorded_at)
select resident_id, 1, '', '+8190' || right(resident_id, 8), 'mobile', '2026-04-01', '2026-06-01' from records.resident
"""


def test_who_comes_first_in_the_line_has_nothing_to_do_with_the_arm(scene: Scene) -> None:
    """Of 2,000 with a text in equal shares the first 200: about 100 of each, within four standard deviations."""
    run(scene, TWO_THOUSAND_RESIDENTS)
    run(scene, THEIR_TELEPHONES)
    with scene.engine.connect() as connection:
        screening.make_workspace(connection)
        connection.execute(
            text(
                "insert into cohort (subject, resident_id, fields)"
                " select 'a/' || k, lpad(k::text, 10, '0'), '{}' from generate_series(1, 2000) as k"
            )
        )
        screening.screen_cohort(connection, scene.campaign, scene.city, TODAY, OCCURRENCE, KEY)
        arms = connection.execute(text("select arm, count(*) from screened where place <= 200 group by arm")).all()
        connection.rollback()
    assert all(abs(n - 100) < 4 * 50**0.5 for _, n in arms)
    assert sum(n for _, n in arms) == 200


# The line: oldest arrears first, then who was deferred before


def test_who_was_deferred_before_comes_first_among_equals(scene: Scene) -> None:
    scene.pace(per_occurrence=3)
    residents = [create_resident(scene.owner) for _ in range(12)]
    for instalment, due_on in ((4, date(2026, 9, 30)), (5, date(2026, 11, 2))):
        for resident in residents:
            create_levy(scene.owner, resident, instalment=instalment, due_on=due_on)
    told: Counter[str] = Counter()
    for occurrence in (OCCURRENCE, datetime(2026, 11, 5, 10, 0, tzinfo=JST)):
        scene.clock.moment = occurrence
        scene.plan(run_id := scene.open(occurrence))
        planned = "select resident_id from ledger.notice where state = 'planned' and campaign_run_id ="
        told.update(resident for (resident,) in scene.rows(f"{planned} '{run_id}'"))
    assert sorted(told.values()) == [1] * 6
