"""Catch-up after an outage: the one procedure of docs/catch-up.md, step by step, for outages of every kind."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import requests
from sqlalchemy.engine import URL

from oshirase.adapters.gateways.environment import variable
from oshirase.adapters.settings import extract_titles, load_campaign
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign
from oshirase.domain.gateway import Busy
from oshirase.services.approval import is_stale, reject_campaign_run
from oshirase.services.backfill import plan_backfill
from oshirase.services.calls import SendingStopped
from oshirase.services.campaign_run import expire_campaign_run, load_campaign_run, open_campaign_run
from oshirase.services.delivery import LEASE, claim_notices
from oshirase.services.doctor import examine
from oshirase.services.freshness import list_stale, waits_until
from oshirase.services.missed import Standing, list_missed, list_past
from oshirase.services.settings_check import check_settings
from oshirase.services.unknown import SETTLING, decide_unknown, list_released_batches
from tests.chaos.fickle import Answer, Fickle
from tests.people import create_levy, create_load, create_payment, create_plan, create_resident
from tests.scene import KEY, Scene
from tests.services.test_delivery import Failing

NAMES = ("late_elderly_overdue", "nhi_overdue", "plan_default", "public_notice")
# Standings that the DAG's own run brings forward, once it goes on or is cleared.
GO_ON = {Standing.OPENED, Standing.NOT_PLANNED, Standing.AWAITS_APPROVAL, Standing.NOT_HANDED_OVER}


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=JST)


# Everything is back on a Thursday evening: the send window has closed.
BACK = at(10, 8, 20)


@dataclass
class Town:
    """Four campaigns of a city, what their DAGs do, and its residents by what becomes of them."""

    scene: Scene
    campaigns: dict[str, Campaign] = field(default_factory=lambda: {name: load_campaign(name) for name in NAMES})
    people: dict[str, list[str]] = field(default_factory=dict)
    # Payments that were made, and lie in an extract that nobody could load.
    paid: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        notice = self.campaigns["public_notice"]
        sending = notice.sending.model_copy(update={"batch_size": 4})
        self.campaigns["public_notice"] = notice.model_copy(update={"sending": sending})

    @property
    def clock(self) -> Any:
        return self.scene.clock

    def create(self, group: str, count: int, make: Callable[[str], object], **resident: Any) -> None:
        """People of a group; `make` gives each what the group is about."""
        created = [create_resident(self.scene.owner, **resident) for _ in range(count)]
        for resident_id in created:
            make(resident_id)
        self.people[group] = created

    def owes(self, **levy: Any) -> Callable[[str], str]:
        return lambda resident: create_levy(self.scene.owner, resident, **levy)

    def owes_and_pays(self, **levy: Any) -> Callable[[str], None]:
        """A debtor who pays during the outage."""
        return lambda resident: self.paid.append(create_levy(self.scene.owner, resident, **levy))

    def open(self, name: str, occurrence_at: datetime) -> UUID:
        return open_campaign_run(self.scene.engine, name, occurrence_at, self.clock(), "test")

    def go_on(self, name: str, run: UUID) -> None:
        """What a DAG run does from wherever it stands, or when it is cleared; a clerk answers at once."""
        self.scene.campaign = campaign = self.campaigns[name]
        if not self.has_fresh_records(run) or (digest := self.scene.plan(run)) is None:
            return
        row = load_campaign_run(self.scene.engine, run)
        if is_stale(campaign, row.occurrence_at, self.clock()):
            if not row.closed_as and self.waits(run):
                reject_campaign_run(self.scene.engine, run, digest, "sato", self.clock(), "遅すぎるため")
            return
        if not row.approved_at and self.waits(run):
            self.scene.approve(run, digest)
        if not self.stale():
            self.scene.send(run)

    def waits(self, run: UUID) -> bool:
        """Whether anything is in the line of a run."""
        return bool(
            self.scene.rows(f"select 1 from ledger.notice where campaign_run_id = '{run}' and state = 'planned'")
        )

    def has_fresh_records(self, run: UUID) -> bool:
        """The gate before planning, as in orchestration/freshness.py."""
        row = load_campaign_run(self.scene.engine, run)
        if row.closed_as or row.approved_at or not self.stale():
            return True
        if self.clock() >= waits_until(row.opened_at, self.scene.city.window()):
            expire_campaign_run(self.scene.engine, run, "記録が更新されなかったため", "test", self.clock())
        return False

    def stale(self) -> list[object]:
        campaign, office = self.scene.campaign, self.scene.city.office()
        return [*list_stale(self.scene.engine, campaign.freshness, extract_titles(), self.clock(), office)]

    def load(self, *extracts: str) -> None:
        for extract in extracts:
            create_load(self.scene.owner, extract, self.clock())

    def of(self, group: str) -> Counter[str]:
        """Notices of a group's people by campaign, state and reason."""
        ids = ", ".join(f"'{resident}'" for resident in self.people[group])
        return Counter(
            f"{name} {day:%m-%d} {state}" + (f"/{reason}" if reason else "")
            for name, day, state, reason in self.scene.rows(
                "select n.campaign, r.occurrence_on, n.state, n.reason from ledger.notice as n"
                f" inner join ledger.campaign_run as r using (campaign_run_id) where n.resident_id in ({ids})"
            )
        )

    def telephones(self, *groups: str) -> set[str]:
        ids = ", ".join(f"'{resident}'" for group in groups for resident in self.people[group])
        rows = self.scene.rows(f"select phone_e164 from records.contact where resident_id in ({ids})")
        return {"0" + phone.removeprefix("+81") for (phone,) in rows}

    def messages(self) -> list[dict[str, Any]]:
        """Everything that the gateway took, from its own side."""
        found: list[dict[str, Any]] = []
        while True:
            page = len(found) // 100 + 1
            answer = requests.get(
                self.scene.running.messages_url, headers=self.scene.running.headers,
                params={"per_page": "100", "page": str(page), "end_at": at(12, 31).isoformat()}, timeout=10,
            )  # fmt: skip
            found += answer.json()["data"]
            if not answer.json()["has_more"]:
                return found


@pytest.fixture
def town(scene: Scene, database_url: URL, monkeypatch: pytest.MonkeyPatch) -> Town:
    """Before, during and at the end of an outage of everything."""
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("OSHIRASE_SECRET_KEY", KEY.decode())
    monkeypatch.delenv(variable("karaden"), raising=False)
    town = Town(scene)
    populate(town)
    work_as_usual(town)
    break_down(town)
    town.clock.moment = BACK
    return town


def populate(town: Town) -> None:
    owner = town.scene.owner
    town.create("owe", 6, town.owes())
    town.create("paid_meanwhile", 2, town.owes_and_pays())
    town.create("pay_after_booking", 1, town.owes())
    town.create("protected", 1, town.owes(), is_protected=True)
    town.create("owed_in_summer", 2, town.owes(instalment=3, due_on=date(2026, 8, 31)))
    for resident in town.people["owed_in_summer"]:
        create_payment(owner, create_levy(owner, resident), recorded_at=at(9, 25))
    town.create("elderly", 4, town.owes(scheme="late_elderly"))
    town.create("elderly_paid", 1, town.owes_and_pays(scheme="late_elderly"))
    town.create("on_plan", 3, lambda resident: create_plan(owner, resident))
    town.create("vaccination", 12, lambda resident: None, birth_on=date(1950, 1, 2))
    town.create("moved_in", 3, lambda resident: None, birth_on=date(1950, 1, 2), recorded_at=at(10, 3))


def work_as_usual(town: Town) -> None:
    """Summer: two campaigns in use, one occurrence that nobody ran, one whose extracts were late."""
    for name, first in {"nhi_overdue": at(8, 4), "late_elderly_overdue": at(9, 3)}.items():
        town.clock.moment = first
        town.load("payment")
        town.go_on(name, town.open(name, first))
    # The occurrence of 2 September was missed.
    town.clock.moment = at(9, 7)
    run = town.open("plan_default", at(9, 7))
    town.clock.moment = at(9, 7, 17)
    town.go_on("plan_default", run)


def break_down(town: Town) -> None:
    """The gateway first, then the extracts, then the database with the scheduler, for a week."""
    town.clock.moment = at(10, 1)
    town.load("resident")
    scene = town.scene
    scene.campaign = town.campaigns["public_notice"]
    run = town.open("public_notice", at(10, 1))
    scene.approve(run, scene.plan(run))
    # Answers that were lost before and after the gateway took the message, then a sender that was killed, then a
    # gateway that nobody reaches.
    fickle = Fickle(scene.gateway, look_up_is_authoritative=False)
    fickle.answers.extend((Answer.LOST_BEFORE, Answer.LOST_AFTER))
    scene.send_batch(run, 1, fickle)
    claim_notices(scene.engine, "karaden", scene.city, run, 2, by="killed", now=town.clock())
    with pytest.raises(SendingStopped):
        scene.send_batch(run, 3, Failing(scene.gateway, *[Busy("down")] * 99))
    # Payments did not come: the run waits for them.
    town.clock.moment = at(10, 2)
    town.go_on("nhi_overdue", town.open("nhi_overdue", at(10, 2)))
    town.clock.moment = at(10, 2, 12)
    scene.engine.dispose()


def catch_up(town: Town, *, has_new_extracts: bool) -> None:
    """docs/catch-up.md, in its order."""
    # 1 and 2: what is there, and the extracts.
    examine(check_settings(), town.clock())
    if has_new_extracts:
        for levy in town.paid:
            create_payment(town.scene.owner, levy, paid_on=date(2026, 10, 1), recorded_at=town.clock())
        town.load("payment", "plan", "resident", "screening", "screening_voucher")
    # 3: unknown outcomes, receipts, bookings against the records.
    settle(town)
    # 4: runs that began before go on.
    for one in list_past(town.scene.engine, [*town.campaigns.values()], town.scene.city, town.clock()):
        if one.standing in GO_ON and one.campaign_run_id:
            town.go_on(one.campaign, one.campaign_run_id)
    # 5 to 7: what was missed is shown, run and approved, oldest first.
    for campaign in town.campaigns.values():
        backfill(town, campaign)
    settle(town)


def settle(town: Town) -> None:
    scene = town.scene
    scene.look_up()
    town.clock.advance(minutes=SETTLING // timedelta(minutes=1))
    scene.look_up()
    decide_unknown(scene.engine, is_to_send=True, seen_at=town.clock(), by="sato", now=town.clock())
    for released in list_released_batches(scene.engine):
        scene.send_batch(released.campaign_run_id, released.batch)
    scene.collect()
    scene.reconcile()


def backfill(town: Town, campaign: Campaign) -> None:
    scene, now = town.scene, town.clock()
    missed = [m for m in list_missed(scene.engine, [campaign], scene.city, now) if m.standing is Standing.NOT_OPENED]
    if not missed:
        return
    first, last = (one.occurrence_at.astimezone(JST).date() for one in (missed[0], missed[-1]))
    plan = plan_backfill(scene.engine, campaign, scene.city, first, last, now, KEY)
    assert {one.occurrence_at for one in missed} <= set(plan.to_run)
    for occurrence_at in plan.to_run:
        town.go_on(campaign.name, town.open(campaign.name, occurrence_at))


def everything(town: Town) -> tuple[Any, ...]:
    """The ledger's whole history, and what the gateway has."""
    return (
        town.scene.rows("select * from ledger.notice_event order by event_id"),
        town.scene.rows("select * from ledger.campaign_run order by campaign_run_id"),
        town.scene.rows("select * from ledger.approval order by approval_id"),
        [(message["id"], message["status"]) for message in town.messages()],
    )


def test_the_outage_left_what_the_procedure_is_for(town: Town) -> None:
    scene = town.scene
    standings = {
        (one.campaign, f"{one.occurrence_at:%m-%d}"): one.standing
        for one in list_past(scene.engine, [*town.campaigns.values()], scene.city, town.clock())
    }
    assert standings == {
        ("nhi_overdue", "08-04"): Standing.DONE,
        ("nhi_overdue", "09-02"): Standing.NOT_OPENED,
        ("nhi_overdue", "10-02"): Standing.NOT_PLANNED,
        ("late_elderly_overdue", "09-03"): Standing.DONE,
        ("late_elderly_overdue", "10-05"): Standing.NOT_OPENED,
        ("plan_default", "09-07"): Standing.RECORDS_TOO_OLD,
        ("plan_default", "10-07"): Standing.NOT_OPENED,
        ("public_notice", "10-01"): Standing.NOT_HANDED_OVER,
        ("public_notice", "10-05"): Standing.NOT_OPENED,
        ("public_notice", "10-08"): Standing.NOT_OPENED,
    }
    assert scene.states() == {
        "accepted": 2,
        "unknown/no answer": 2,
        "claimed": 4,
        "planned/gateway_busy": 1,
        "planned/given_back": 3,
        "suppressed/on_plan": 3,
    }
    found = {check.name: check.status for check in examine(check_settings(), town.clock())}
    assert {name for name, status in found.items() if name.startswith("freshness") and status == "warning"} >= {
        "freshness_nhi_overdue", "freshness_late_elderly_overdue", "freshness_plan_default",
    }  # fmt: skip


def test_one_procedure_brings_every_campaign_to_the_state_it_should_have(town: Town) -> None:
    catch_up(town, has_new_extracts=True)
    # The clerk's day after: one more payment arrives before its booking, and the message is cancelled.
    town.clock.moment = at(10, 9, 8, 30)
    ((levy,),) = town.scene.rows(
        f"select levy_id from records.levy where obligor_id = '{town.people['pay_after_booking'][0]}'"
    )
    create_payment(town.scene.owner, levy, recorded_at=town.clock())
    town.scene.reconcile()
    town.clock.moment = at(10, 16, 18)
    settle(town)

    assert_nobody_got_two(town)
    assert_nobody_who_had_paid_got_one(town)
    assert_everything_left_in_a_send_window_after_the_outage(town)
    assert_everybody_is_accounted_for(town)


def assert_nobody_got_two(town: Town) -> None:
    counts = town.scene.running.counts()
    assert {count["accepted"] for count in counts["telephones"].values()} == {1}
    assert counts["tags"] == {}


def assert_nobody_who_had_paid_got_one(town: Town) -> None:
    told = {message["to"] for message in town.messages()}
    assert not told & town.telephones("paid_meanwhile", "elderly_paid", "protected", "owed_in_summer")
    (cancelled,) = [m for m in town.messages() if m["to"] in town.telephones("pay_after_booking")]
    assert cancelled["status"] == "canceled"


def assert_everything_left_in_a_send_window_after_the_outage(town: Town) -> None:
    window = town.scene.city.window()
    for message in town.messages():
        due = datetime.fromisoformat(message["scheduled_at"] or message["created_at"])
        hours = window.on(due.astimezone(JST).date())
        assert hours is not None
        assert hours[0] <= due < hours[1]
        assert message["sent_at"] is None or message["sent_at"] == due.isoformat()


def assert_everybody_is_accounted_for(town: Town) -> None:
    left = "select n.state from ledger.notice as n inner join ledger.notice_state as s using (state)"
    assert town.scene.rows(f"{left} where not s.is_settled") == []
    assert {group: dict(town.of(group)) for group in town.people} == {
        "owe": {"nhi_overdue 10-02 delivered": 6},
        "paid_meanwhile": {"nhi_overdue 10-02 suppressed/settled": 2},
        "pay_after_booking": {"nhi_overdue 10-02 cancelled/settled": 1},
        "protected": {"nhi_overdue 10-02 suppressed/protected": 1},
        # Too late, and somebody said so.
        "owed_in_summer": {"nhi_overdue 09-02 expired/rejected": 2},
        "elderly": {"late_elderly_overdue 10-05 delivered": 4},
        "elderly_paid": {"late_elderly_overdue 10-05 suppressed/settled": 1},
        "on_plan": {
            "nhi_overdue 08-04 suppressed/on_plan": 3,
            "nhi_overdue 09-02 suppressed/on_plan": 3,
            "nhi_overdue 10-02 suppressed/on_plan": 3,
            "plan_default 10-07 delivered": 3,
        },
        "vaccination": {
            "public_notice 10-01 delivered": 12,
            "public_notice 10-05 suppressed/already_reminded": 12,
            "public_notice 10-08 suppressed/already_reminded": 12,
        },
        "moved_in": {"public_notice 10-05 delivered": 3, "public_notice 10-08 suppressed/already_reminded": 3},
    }
    past = list_past(town.scene.engine, [*town.campaigns.values()], town.scene.city, town.clock())
    ended = {Standing.DONE, Standing.REJECTED, Standing.RECORDS_TOO_OLD}
    of_the_outage = [one for one in past if one.occurrence_at <= BACK]
    assert {one.standing for one in of_the_outage} == ended
    # What ended for want of records says so, and is named for ever.
    assert [(one.campaign, one.standing) for one in of_the_outage if one.is_missed] == [
        ("plan_default", Standing.RECORDS_TOO_OLD)
    ]


def test_the_procedure_again_changes_nothing(town: Town) -> None:
    catch_up(town, has_new_extracts=True)
    before = everything(town)
    catch_up(town, has_new_extracts=False)
    assert everything(town) == before


def test_before_the_extracts_are_there_it_sends_nothing_to_whom_they_concern(town: Town) -> None:
    catch_up(town, has_new_extracts=False)
    told = {message["to"] for message in town.messages()}
    assert not told & town.telephones("owe", "paid_meanwhile", "elderly", "elderly_paid", "on_plan")


def test_interrupted_itself_it_is_begun_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Scene.send_batch

    def dies(scene: Scene, run: UUID, batch: int = 1, gateway: Any = None) -> Counter[str]:
        monkeypatch.setattr(Scene, "send_batch", send)
        claim_notices(scene.engine, "karaden", scene.city, run, batch, by="killed", now=scene.clock())
        raise ConnectionError

    monkeypatch.setattr(Scene, "send_batch", dies)
    with pytest.raises(ConnectionError):
        catch_up(town, has_new_extracts=True)
    town.clock.moment += LEASE
    catch_up(town, has_new_extracts=False)
    town.clock.moment = at(10, 16, 18)
    settle(town)
    assert_nobody_got_two(town)
    assert town.of("owe") == {"nhi_overdue 10-02 delivered": 6}
    assert town.of("vaccination")["public_notice 10-01 delivered"] == 12
