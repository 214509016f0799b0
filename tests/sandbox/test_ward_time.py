"""What becomes known of the ward later: the same however time is sliced, and with the planted effect in it."""

import itertools
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from sandbox.ward.spec import BadWard, WardSpec
from sandbox.ward.tables import TABLES
from sandbox.ward.ward_time import Message, WardTime
from tests.sandbox.ward_reading import DEMO, balances, current, frame, known

SENT = DEMO + timedelta(hours=1)
END = DEMO + timedelta(days=45)
WARD = WardSpec(7, 60_000, DEMO)
Facts = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def facts() -> Facts:
    return known(WARD)


@pytest.fixture(scope="module")
def ward_time() -> WardTime:
    return WardTime(WARD)


@pytest.fixture(scope="module")
def debtors(facts: Facts) -> pd.DataFrame:
    """Ordinary debtors of the latest NHI instalment with a number of their own that a message would go to."""
    latest = balances(facts)
    mask = (latest["levy_year"] == 2026) & (latest["instalment"] == 4) & (latest["scheme"] == "nhi")
    latest = latest[mask & (latest["balance_yen"] > 0) & (latest["collection"] == "ordinary")]
    contacts = current(facts["contact"])
    first = contacts[(contacts["contact_no"] == 1) & (contacts["phone_e164"] != "")]
    planned = set(facts["plan_levy"]["levy_id"].str[-10:])
    held = set(facts["hold"]["resident_id"])
    one = latest[~latest["obligor_id"].isin(planned | held)]
    return one.merge(first, left_on="obligor_id", right_on="resident_id").drop_duplicates("phone_e164")


def _paid(ward_time: WardTime, messages: dict[str, datetime], days: int) -> set[str]:
    """Obligors with a payment for the latest instalment, paid within so many days of the message."""
    rows = frame(ward_time.arrivals(DEMO, DEMO + timedelta(days=days + 7), messages)["payment"])
    rows = rows[rows["levy_id"].str.startswith("N20262604") & (rows["amount_yen"] > 0)]
    last = np.datetime64((SENT + timedelta(days=days)).date())
    return set(rows["levy_id"][rows["paid_on"] <= last].str[-10:])


def test_a_message_adds_the_planted_effect(ward_time: WardTime, debtors: pd.DataFrame) -> None:
    owing, everybody = set(debtors["obligor_id"]), dict.fromkeys(debtors["phone_e164"], SENT)
    with_message = len(_paid(ward_time, everybody, 14) & owing) / len(owing)
    without = len(_paid(ward_time, {}, 14) & owing) / len(owing)
    assert len(owing) > 300
    assert with_message - without == pytest.approx(0.20, abs=0.05)
    assert 0.15 <= without <= 0.55


def test_who_got_no_message_does_what_they_would_have_done_anyway(ward_time: WardTime, debtors: pd.DataFrame) -> None:
    half = debtors.iloc[::2]
    other = set(debtors["obligor_id"]) - set(half["obligor_id"])
    messages = dict.fromkeys(half["phone_e164"], SENT)
    assert _paid(ward_time, messages, 30) & other == _paid(ward_time, {}, 30) & other


def test_without_an_effect_messages_change_nothing(debtors: pd.DataFrame) -> None:
    idle = WardTime(WARD, message_effect=0, plan_effect=0, check_up_effect=0)
    messages = dict.fromkeys(debtors["phone_e164"], SENT)
    assert _paid(idle, messages, 14) == _paid(idle, {}, 14)


def test_nobody_pays_too_much_because_of_a_message(ward_time: WardTime, facts: Facts, debtors: pd.DataFrame) -> None:
    messages = dict.fromkeys(debtors["phone_e164"], SENT)
    later = frame(ward_time.arrivals(DEMO, DEMO + timedelta(days=400), messages)["payment"])
    payments = (
        pd.concat([facts["payment"], later]).sort_values("recorded_at").drop_duplicates("payment_id", keep="last")
    )
    net = payments.groupby("levy_id")["amount_yen"].sum()
    owed = facts["levy"].set_index("levy_id")["amount_yen"]
    assert (net <= owed.reindex(net.index)).all()
    assert (net >= 0).all()


def _all(ward_time: WardTime, hours: list[float], messages: list[Message]) -> dict[str, pd.DataFrame]:
    edges = [DEMO, *(DEMO + timedelta(hours=hour) for hour in hours), END]
    slices = [
        # Each call knows only the messages that went out until then.
        ward_time.arrivals(after, until, [message for message in messages if message.at <= until])
        for after, until in itertools.pairwise(edges)
    ]
    tables = {}
    for table in slices[0]:
        columns = [name for name in TABLES[table].columns if name != "superseded_at"]
        rows = pd.concat([frame(facts[table])[columns] for facts in slices])
        assert rows["recorded_at"].is_monotonic_increasing
        tables[table] = rows.sort_values([*TABLES[table].key, "recorded_at"]).reset_index(drop=True)
    return tables


@pytest.mark.parametrize("hours", [[24.0], [0.5, 1.5, 2.5, 6, 30, 31, 100, 500], [float(h) for h in range(3, 900, 7)]])
def test_slicing_time_changes_nothing(ward_time: WardTime, debtors: pd.DataFrame, hours: list[float]) -> None:
    phones = list(debtors["phone_e164"])
    messages = [Message(phone, SENT + timedelta(hours=5 * (n % 40))) for n, phone in enumerate(phones[:200])]
    messages += [Message(phone, SENT + timedelta(days=9)) for phone in phones[100:300]]
    messages += [Message(phone, SENT + timedelta(days=2), "check_up") for phone in phones[50:250]]
    whole, sliced = _all(ward_time, [], messages), _all(ward_time, hours, messages)
    for table, rows in whole.items():
        pd.testing.assert_frame_equal(sliced[table], rows)


def test_some_debtors_pay_on_the_day_of_the_message_and_on_each_business_day_after(
    ward_time: WardTime, debtors: pd.DataFrame
) -> None:
    rows = frame(ward_time.arrivals(DEMO, DEMO + timedelta(days=8))["payment"])
    theirs = rows[rows["levy_id"].str.startswith("N20262604") & rows["levy_id"].str[-10:].isin(debtors["obligor_id"])]
    soon = theirs[theirs["recorded_at"].between(np.datetime64("2026-10-02T01:30"), np.datetime64("2026-10-02T09:00"))]
    assert len(soon) >= 0.02 * len(debtors)
    days = (theirs["recorded_at"] + np.timedelta64(9, "h")).dt.date.astype(str).value_counts()
    assert (days.reindex(["2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08"]) >= 3).all()


def test_payments_are_undone_and_confirmed_later(ward_time: WardTime) -> None:
    rows = frame(ward_time.arrivals(DEMO, END)["payment"])
    assert (rows["stage"] == "reversal").sum() >= 2
    confirmed = rows[rows["stage"] == "confirmed"]["payment_id"]
    assert confirmed.isin(rows[rows["stage"] == "preliminary"]["payment_id"]).sum() > 100


def test_check_up_messages_bring_the_planted_share_of_unscreened_households(ward_time: WardTime, facts: Facts) -> None:
    home = current(facts["resident"]).set_index("resident_id")["household_id"]
    vouchers = facts["screening_voucher"]
    this_year = vouchers[(vouchers["fiscal_year"] == 2026) & (vouchers["exclusion"] == "")]
    went = set(facts["screening"][facts["screening"]["fiscal_year"] < 2026]["resident_id"].map(home))
    contacts = current(facts["contact"])
    mobile = contacts[(contacts["phone_e164"] != "") & contacts["resident_id"].isin(this_year["resident_id"])]
    audience = mobile[~mobile["resident_id"].map(home).isin(went)].drop_duplicates("phone_e164")
    audience = audience[~audience["resident_id"].map(home).duplicated()]
    households = set(audience["resident_id"].map(home))
    messages = [Message(phone, SENT, "check_up") for phone in audience["phone_e164"]]
    until = DEMO + timedelta(days=150)
    screened = [
        set(frame(ward_time.arrivals(DEMO, until, sent)["screening"])["resident_id"].map(home)) & households
        for sent in (messages, [])
    ]
    assert len(households) > 300
    assert (len(screened[0]) - len(screened[1])) / len(households) == pytest.approx(0.10, abs=0.035)


def test_messages_make_some_catch_up_with_their_plan(ward_time: WardTime, facts: Facts) -> None:
    contacts = current(facts["contact"])
    contacts = contacts[contacts["contact_no"] == 1].set_index("resident_id")["phone_e164"]
    phones = [phone for phone in contacts.reindex(facts["plan"]["obligor_id"].unique()).dropna() if phone]
    plan_levies = set(facts["plan_levy"]["levy_id"])

    def caught_up(messages: dict[str, datetime]) -> set[str]:
        rows = frame(ward_time.arrivals(DEMO, DEMO + timedelta(days=20), messages)["payment"])
        return set(rows[rows["levy_id"].isin(plan_levies)]["levy_id"].str[-10:])

    assert caught_up(dict.fromkeys(phones, SENT)) > caught_up({})


@pytest.mark.parametrize("effect", [-0.1, 1.1, 0.99])
def test_refuses_an_effect_that_cannot_be_planted(effect: float) -> None:
    with pytest.raises(BadWard, match="effect"):
        WardTime(WardSpec(7, 2_000, DEMO), message_effect=effect)
