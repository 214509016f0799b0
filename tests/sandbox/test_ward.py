"""The synthetic ward: the same every time, whole, and like a ward."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from oshirase.domain.phone import read_phone
from sandbox.ward.contacts import mobile_numbers
from sandbox.ward.load import ward_digest, ward_texts
from sandbox.ward.planted import Role
from sandbox.ward.spec import BadWard, WardSpec
from sandbox.ward.tables import TABLES
from tests.sandbox.ward_reading import DEMO, balances, current, known

Facts = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def facts() -> Facts:
    return known(WardSpec(7, 20_000, DEMO))


@pytest.fixture(scope="module")
def small() -> Facts:
    return known(WardSpec(7, 2_000, DEMO))


# --- the same every time


def test_the_same_ward_has_the_same_copy_text_in_every_table() -> None:
    def digests() -> dict[str, str]:
        found = {table: hashlib.sha256() for table in TABLES}
        for _, texts, _ in ward_texts(WardSpec(7, 2_000, DEMO)):
            for table, text in texts.items():
                found[table].update(text)
        return {table: digest.hexdigest() for table, digest in found.items()}

    assert digests() == digests()


def test_the_ward_of_another_machine_is_this_one() -> None:
    assert ward_digest(WardSpec(7, 2_000, DEMO)) == "48b7eb61d6342a7db17edef52b6e15e3075483d35ce3a869549c72ede0d55578"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(WardSpec(8, 2_000, DEMO), id="seed"),
        pytest.param(WardSpec(7, 2_001, DEMO), id="size"),
        pytest.param(WardSpec(7, 2_000, DEMO + timedelta(days=1)), id="as_of"),
    ],
)
def test_another_seed_size_or_time_makes_another_ward(other: WardSpec) -> None:
    assert ward_digest(other) != ward_digest(WardSpec(7, 2_000, DEMO))


@pytest.mark.parametrize(
    ("seed", "size", "as_of", "says"),
    [
        pytest.param(7, 1_999, DEMO, "2,000 to 1,000,000", id="too small"),
        pytest.param(7, 1_000_001, DEMO, "2,000 to 1,000,000", id="too large"),
        pytest.param(-1, 2_000, DEMO, "seed", id="seed below 0"),
        pytest.param(7, 2_000, datetime(2026, 10, 2, 9), "time zone", id="naive time"),  # noqa: DTZ001
        pytest.param(7, 2_000, datetime.fromisoformat("2003-10-02T09:00+09:00"), "out of range", id="long ago"),
    ],
)
def test_refuses_a_ward_that_cannot_be(seed: int, size: int, as_of: datetime, says: str) -> None:
    with pytest.raises(BadWard, match=says):
        WardSpec(seed, size, as_of)


@pytest.mark.parametrize("as_of", ["2026-04-01T08:00+09:00", "2026-06-13T08:00+09:00", "2027-01-06T20:00+09:00"])
@pytest.mark.parametrize("size", [2_000, 20_001, 45_000])
def test_has_exactly_as_many_residents_as_asked_on_any_day(size: int, as_of: str) -> None:
    facts = known(WardSpec(3, size, datetime.fromisoformat(as_of)))
    assert current(facts["resident"])["resident_id"].nunique() == len(current(facts["resident"])) == size


# --- whole


def test_every_reference_leads_somewhere(facts: Facts) -> None:
    residents = set(facts["resident"]["resident_id"])
    for table, column in {
        "contact": "resident_id",
        "enrolment": "resident_id",
        "levy": "obligor_id",
        "plan": "obligor_id",
        "hold": "resident_id",
        "screening_voucher": "resident_id",
        "screening": "resident_id",
    }.items():
        assert set(facts[table][column]) <= residents, table
    assert set(facts["opt_out"]["resident_id"]) - {""} <= residents
    assert set(facts["payment"]["levy_id"]) | set(facts["plan_levy"]["levy_id"]) <= set(facts["levy"]["levy_id"])
    plans = set(facts["plan"]["plan_id"])
    assert set(facts["plan_instalment"]["plan_id"]) == set(facts["plan_levy"]["plan_id"]) == plans
    vouchers = facts["screening_voucher"].set_index(["resident_id", "fiscal_year"]).index
    assert facts["screening"].set_index(["resident_id", "fiscal_year"]).index.isin(vouchers).all()


def test_nothing_is_known_before_its_time(facts: Facts) -> None:
    now = np.datetime64("2026-10-02T00:00:00")
    for table in facts.values():
        assert (table["recorded_at"] <= now).all()
        ended = table["superseded_at"] < np.datetime64("9999-01-01")
        assert (table["superseded_at"][ended] <= now).all()
        assert (table["recorded_at"] < table["superseded_at"]).all()
    payments = facts["payment"]
    assert (payments["recorded_at"] > payments["paid_on"]).all()


@pytest.mark.parametrize("table", TABLES)
def test_each_fact_has_one_current_version_and_no_gap(facts: Facts, table: str) -> None:
    key = list(TABLES[table].key)
    assert not current(facts[table]).duplicated(key).any()
    assert not facts[table].duplicated([*key, "recorded_at"]).any()
    versions = facts[table].sort_values([*key, "recorded_at"])
    following = versions.groupby(key)["recorded_at"].shift(-1)
    assert (versions["superseded_at"][following.notna()] == following.dropna()).all()


def test_each_household_has_one_head_and_each_id_ten_digits(facts: Facts) -> None:
    residents = current(facts["resident"])
    assert (residents.groupby("household_id")["is_head"].sum() == 1).all()
    for column in ("resident_id", "household_id"):
        assert residents[column].str.fullmatch("00[0-9]{8}").all()


def test_numbers_are_written_so_that_they_are_read_as_recorded(facts: Facts) -> None:
    for row in facts["contact"].drop_duplicates("phone_raw").itertuples():
        phone = read_phone(str(row.phone_raw))
        assert (phone.e164 or "", phone.type, phone.issue or "") == (
            row.phone_e164,
            row.phone_type,
            row.unusable_reason,
        )


def test_no_two_slots_give_the_same_number() -> None:
    slots = np.arange(3_040_000)
    assert len(np.unique(mobile_numbers(slots, seed=7))) == len(slots)


def test_numbers_come_from_the_wards_own_ranges(facts: Facts) -> None:
    numbers = facts["contact"]["phone_e164"]
    assert numbers[numbers != ""].str.fullmatch(r"\+81[6789]090[0-9]{6}").all()
    assert {number[3:5] for number in numbers if number} == {"60", "70", "80", "90"}


def test_numbers_are_shared_on_purpose_only(facts: Facts) -> None:
    contacts = current(facts["contact"]).merge(current(facts["resident"])[["resident_id", "household_id"]])
    usable = contacts[contacts["phone_e164"] != ""]
    households = usable.groupby("phone_e164")["household_id"].nunique()
    assert (households > 1).sum() == 4  # two planted pairs with a protected person, two more of debtors
    assert (usable.groupby("phone_e164")["resident_id"].nunique() > 1).sum() > 100


# --- like a ward


def _share(part: pd.Series, whole: int) -> float:
    return float(part.sum() / whole)


def test_the_shares_are_those_of_a_ward(facts: Facts) -> None:
    residents = current(facts["resident"])
    age = (np.datetime64("2026-10-02") - residents["birth_on"]).dt.days / 365.2425
    members = current(facts["enrolment"])
    nhi = members[(members["scheme"] == "nhi") & members["left_on"].isna()]["resident_id"]
    vouchers = facts["screening_voucher"].merge(facts["screening"], how="left", on=["resident_id", "fiscal_year"])
    take_up = vouchers.groupby("fiscal_year")["screened_on"].apply(lambda days: days.notna().mean())
    contacts = current(facts["contact"])
    shares = {
        "under 15": _share(age < 15, 20_000),
        "75 and older": _share(age >= 75, 20_000),
        "NHI under 75": len(nhi) / (age < 75).sum(),
        "people a household": 20_000 / residents["household_id"].nunique(),
        "not resident": _share(residents["status"] != "resident", 20_000),
        "protected": _share(residents["is_protected"], 20_000),
        "take-up two years ago": take_up[2024],
        "take-up last year": take_up[2025],
        "take-up known this year": take_up[2026],
        "usable numbers": (contacts["phone_e164"] != "").mean(),
        "confirmed long ago": (contacts["confirmed_on"] < np.datetime64("2021-10-02")).mean(),
    }
    bounds = {
        "under 15": (0.08, 0.16),
        "75 and older": (0.095, 0.13),
        "NHI under 75": (0.17, 0.22),
        "people a household": (1.8, 2.1),
        "not resident": (0.006, 0.016),
        "protected": (0.001, 0.006),
        "take-up two years ago": (0.40, 0.46),
        "take-up last year": (0.40, 0.46),
        "take-up known this year": (0.08, 0.20),
        "usable numbers": (0.75, 0.85),
        "confirmed long ago": (0.03, 0.08),
    }
    assert not {name: share for name, share in shares.items() if not bounds[name][0] <= share <= bounds[name][1]}


def test_the_latest_instalment_is_unpaid_as_often_as_in_a_ward() -> None:
    """At a size at which the planted people are few among the others."""
    known_balances = balances(known(WardSpec(7, 60_000, DEMO)))
    ordinary = known_balances[(known_balances["collection"] == "ordinary") & (known_balances["scheme"] == "nhi")]
    latest = ordinary[(ordinary["levy_year"] == 2026) & (ordinary["instalment"] == 4)]
    assert 0.10 <= (latest["balance_yen"] > 0).mean() <= 0.165
    older = ordinary[ordinary["levy_year"] == 2025]
    assert 0.02 <= (older["balance_yen"] > 0).mean() <= 0.07


def test_the_cohort_of_the_demo_has_a_size_that_a_person_can_look_at(facts: Facts) -> None:
    assert 200 <= len(_cohort(facts)) <= 400


def _cohort(facts: Facts) -> pd.DataFrame:
    known_balances = balances(facts)
    latest = (known_balances["levy_year"] == 2026) & (known_balances["instalment"] == 4)
    owes = latest & (known_balances["scheme"] == "nhi") & (known_balances["balance_yen"] > 0)
    return known_balances[owes & (known_balances["collection"] != "pension")]


def _reasons(facts: Facts) -> Iterator[tuple[str, set[str]]]:
    """Obligors by what keeps them from a message, or makes them special, as the tables say it."""
    residents, contacts = current(facts["resident"]), current(facts["contact"])
    who = lambda table, mask: set(table["resident_id"][mask])  # noqa: E731
    for status in ("moved_out", "deceased"):
        yield status, who(residents, residents["status"] == status)
    protected = who(residents, residents["is_protected"])
    yield "protected", protected
    theirs = set(contacts["phone_e164"][contacts["resident_id"].isin(protected)]) - {""}
    yield "phone of protected", who(contacts, contacts["phone_e164"].isin(theirs)) - protected
    yield "minor", who(residents, residents["birth_on"] > np.datetime64("2008-10-02"))
    now = facts["hold"]["until_on"].isna() | (facts["hold"]["until_on"] >= np.datetime64("2026-10-02"))
    for kind in facts["hold"]["kind"].unique():
        yield f"hold {kind}", who(facts["hold"], now & (facts["hold"]["kind"] == kind))
    plan = current(facts["plan"])
    active = plan[plan["status"] == "active"]
    covered = facts["plan_levy"][facts["plan_levy"]["plan_id"].isin(active["plan_id"])]["levy_id"]
    yield "on plan", set(covered[covered.str.startswith("N20262604")].str[-10:])
    yield "opted out", set(facts["opt_out"]["resident_id"])
    yield "number opted out", who(contacts, contacts["phone_e164"].isin(set(facts["opt_out"]["phone_e164"]) - {""}))
    yield "no number", set(residents["resident_id"]) - set(contacts["resident_id"])
    for reason in ("landline", "voip", "malformed"):
        yield reason, who(contacts, contacts["unusable_reason"] == reason)
    usable = contacts["phone_e164"] != ""
    yield "confirmed long ago", who(contacts, usable & (contacts["confirmed_on"] < np.datetime64("2021-10-02")))
    yield "never confirmed", who(contacts, usable & contacts["confirmed_on"].isna())
    payments = current(facts["payment"])
    undone = payments["levy_id"][payments["stage"] == "reversal"]
    yield "reversed", set(undone[undone.str.startswith("N20262604")].str[-10:])
    net = payments.groupby("levy_id")["amount_yen"].sum()
    partial = pd.Series(net.index[net > 0])
    yield "partial payment", set(partial[partial.str.startswith("N20262604")].str[-10:])
    late = current(facts["levy"])
    yield "late assessment", set(late["obligor_id"][(late["for_year"] < late["levy_year"]) & (late["instalment"] == 4)])


@pytest.mark.parametrize("ward", ["facts", "small"])
def test_every_reason_of_the_screening_occurs_in_the_cohort(ward: str, request: pytest.FixtureRequest) -> None:
    facts: Facts = request.getfixturevalue(ward)
    cohort = _cohort(facts)
    reasons = dict(_reasons(facts))
    assert len(reasons) == 24
    assert not [reason for reason, who in reasons.items() if not who & set(cohort["obligor_id"])]
    assert set(cohort["collection"]) == {"ordinary", "direct_debit"}
    contacts = current(facts["contact"])
    mine = contacts[contacts["resident_id"].isin(cohort["obligor_id"]) & (contacts["phone_e164"] != "")]
    assert mine["phone_e164"].duplicated().any(), "no number shared within the cohort"


def test_plans_are_kept_by_some_and_broken_by_others(facts: Facts) -> None:
    plans = current(facts["plan"]).set_index("plan_id")
    due = facts["plan_instalment"]
    expected = due[due["due_on"] <= np.datetime64("2026-10-02")].groupby("plan_id")["amount_yen"].sum()
    payments = current(facts["payment"]).merge(facts["plan_levy"][["plan_id", "levy_id"]])
    payments = payments[payments["paid_on"] >= payments["plan_id"].map(plans["agreed_on"])]
    received = payments.groupby("plan_id")["amount_yen"].sum().reindex(expected.index).fillna(0)
    in_default = (received < expected) & (plans["status"].reindex(expected.index) == "active")
    assert 4 <= in_default.sum() <= 0.7 * len(plans)
    assert (received >= expected).sum() >= 4


def test_a_household_may_go_unscreened_for_two_years(facts: Facts) -> None:
    home = current(facts["resident"]).set_index("resident_id")["household_id"]
    invited = set(
        facts["screening_voucher"][facts["screening_voucher"]["fiscal_year"] == 2026]["resident_id"].map(home)
    )
    went = set(facts["screening"][facts["screening"]["fiscal_year"] < 2026]["resident_id"].map(home))
    assert 0.25 <= len(invited - went) / len(invited) <= 0.6


def test_every_role_is_planted() -> None:
    chunk = next(ward_texts(WardSpec(7, 2_000, DEMO)))[0]
    assert set(chunk.roles.tolist()) == set(map(int, Role))
