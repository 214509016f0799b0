"""Whole seasons through planning, sending, the ward's own response and the measurement: the planted effect is found."""

from datetime import date, datetime

import pytest

from oshirase.adapters.settings import load_campaign
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HELD_OUT, HoldOut, Measurement
from oshirase.domain.effect import Verdict
from oshirase.domain.season import MESSAGE, SeasonReport, report_season
from oshirase.services.measurement import measure_season
from sandbox.ward import Message, Topic, WardSpec, WardTime, load_facts, load_ward
from tests.people import create_load
from tests.scene import Scene

SENT = "select phone_e164, scheduled_at from ledger.notice where state = 'accepted'"


def play_season(scene: Scene, ward_time: WardTime, days: list[date], end: datetime, topic: Topic) -> None:
    """Each occurrence planned, approved and handed over at its time; between them the ward lives on."""
    url = scene.owner.url.render_as_string(hide_password=False)
    load_ward(url, ward_time.ward)
    messages: list[Message] = []
    until = ward_time.ward.as_of
    occurrences = scene.campaign.occurrences(scene.city)
    for moment in [occurrences.on(day) for day in days] + [end]:
        assert moment is not None
        load_facts(url, ward_time.arrivals(until, moment, messages), ward_time.ward, moment)
        scene.clock.moment = until = moment
        if moment != end:
            run = scene.open(moment)
            scene.approve(run, scene.plan(run))
            scene.send(run)
            messages = [Message(phone, at, topic) for phone, at in scene.rows(SENT)]


def tell(scene: Scene, season: int = 2026) -> SeasonReport:
    return report_season(measure_season(scene.engine, scene.campaign, scene.city, season), scene.city.office())


@pytest.fixture
def halved(scene: Scene) -> Scene:
    scene.campaign = scene.campaign.model_copy(
        update={"hold_out": HoldOut(share=0.5), "measurement": Measurement(late_business_days=10)}
    )
    scene.change(batch_size=500)
    scene.pace(per_hour=500, per_occurrence=5_000)
    return scene


BEGINNING = datetime(2026, 10, 2, 9, 0, tzinfo=JST)
PREMIUM_DAYS = [date(2026, 10, 2), date(2026, 11, 5), date(2026, 12, 2)]


@pytest.mark.parametrize(("seed", "effect"), [(7, 0.20), (8, 0.20), (9, 0.0)])
def test_the_effect_that_the_ward_plants_is_found_within_its_interval(halved: Scene, seed: int, effect: float) -> None:
    ward = WardSpec(seed, 20_000, BEGINNING)
    end = datetime(2027, 2, 1, 9, 0, tzinfo=JST)
    play_season(halved, WardTime(ward, message_effect=effect), PREMIUM_DAYS, end, "premium")
    create_load(halved.owner, "payment", end)
    report = tell(halved)
    found = report.main.difference
    assert found is not None
    assert report.main.known_runs == len(PREMIUM_DAYS)
    assert min(found.treated.units, found.control.units) > 90
    assert found.low <= effect <= found.high
    assert (report.main.verdict == Verdict.MORE) == (effect > 0)
    # The season has instalments until March: this is an interim look.
    assert report.is_interim
    assert report.money.more is not None
    assert (report.money.more.low > 0) == (effect > 0)


CHECK_UP_DAYS = [date(2026, 8, day) for day in (4, 7, 14, 18, 21)]


def test_a_season_of_check_ups_whose_runs_have_no_room_for_all(scene: Scene) -> None:
    """Of a queue that is cut at every run, those held out are compared with those of the same places."""
    scene.campaign = load_campaign("health_check").model_copy(update={"hold_out": HoldOut(share=0.5)})
    scene.change(batch_size=500)
    scene.pace(per_hour=500, per_occurrence=45)
    ward = WardSpec(11, 20_000, datetime(2026, 8, 3, 9, 0, tzinfo=JST))
    end = datetime(2027, 5, 1, 9, 0, tzinfo=JST)
    play_season(scene, WardTime(ward, check_up_effect=0.10), CHECK_UP_DAYS, end, "check_up")
    assert scene.states()["deferred"] > 100
    create_load(scene.owner, "screening", end)
    report = tell(scene)
    arms = report.tally(MESSAGE, report.main.outcome), report.tally(HELD_OUT, report.main.outcome)
    assert min(arm.units for arm in arms) > 150
    assert arms[0].units == pytest.approx(arms[1].units, rel=0.15)
    assert report.main.difference is not None
    assert report.main.difference.low <= 0.10 <= report.main.difference.high
    assert not report.is_interim
    take_up = report.counts.take_up
    assert take_up is not None
    assert 0.2 < take_up.screened / take_up.eligible < 0.7
    assert 0.2 < take_up.screened_before_until / take_up.eligible_before < 0.7
