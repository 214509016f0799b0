"""Requests of one person: a copy of all that is held, and erasure that later extracts do not undo."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from oshirase.adapters.database import PURGE_ROLE, create_records_engine
from oshirase.errors import MissingSetting
from oshirase.services import delivery
from oshirase.services.disclosure import Disclosure, NoSuchPerson, disclose, read_id
from oshirase.services.erasure import CannotErase, Erasing
from oshirase.services.person import look_up
from tests.ledger import create_found_message
from tests.people import (
    create_contact,
    create_debtor,
    create_levy,
    create_payment,
    create_resident,
    create_screening,
    create_voucher,
    insert,
)
from tests.scene import KEY, OCCURRENCE, Scene
from tests.searching import places_of
from tests.services.loading import Loading, open_loading

PERSON, PHONE = "0073184299", "+819073184299"
TITLES = {"nhi_overdue": "保険料のお知らせ"}


@pytest.fixture
def purger(database_url: URL) -> Iterator[Engine]:
    """What may take personal data away."""
    engine = create_records_engine(database_url, PURGE_ROLE)
    yield engine
    engine.dispose()


@pytest.fixture
def person(scene: Scene) -> str:
    """Somebody of whom there is everything: facts of each kind, a household, a message, a look-up."""
    create_debtor(scene.owner, resident_id=PERSON, phone=PHONE, household_id="H-1")
    create_resident(scene.owner, resident_id="0011110000", household_id="H-1", is_head=False)
    create_payment(scene.owner, create_levy(scene.owner, PERSON, instalment=2), payment_id="P-1")
    create_contact(scene.owner, PERSON, "+819073184288", contact_no=2)
    create_voucher(scene.owner, PERSON)
    create_screening(scene.owner, PERSON, 2026)
    insert(scene.owner, "opt_out", opt_out_id="O1", resident_id=PERSON, from_on=OCCURRENCE.date() + timedelta(days=9))
    insert(scene.owner, "inquiry", inquiry_id="I1", resident_id=PERSON, received_on="2026-09-01", section="premium")
    insert(
        scene.owner, "plan", plan_id="B-7", scheme="nhi", obligor_id=PERSON, agreed_on="2025-01-01", status="completed"
    )
    insert(scene.owner, "id_change", old_id="0073184298", new_id=PERSON, changed_on="2026-05-01")
    return PERSON


def sent(scene: Scene) -> None:
    scene.send(scene.approved_run())
    scene.clock.advance(hours=6)
    scene.collect()
    look_up(scene.engine, scene.city, PERSON, {"nhi_overdue"}, f"電話 {PERSON}", "sato", scene.clock(), KEY)


def erasing(scene: Scene, purger: Engine, resident_id: str = PERSON) -> Erasing:
    return Erasing(scene.engine, purger, resident_id, KEY, ["nhi_overdue"], "請求第1号", "sato", scene.clock())


def export(scene: Scene, resident_id: str = PERSON) -> Disclosure:
    return disclose(scene.engine, resident_id, TITLES, "請求第1号", "sato", scene.clock(), KEY)


def test_a_copy_has_everything_and_nothing_of_others(scene: Scene, person: str) -> None:
    sent(scene)
    found = export(scene)
    content = json.loads(found.as_json())
    assert set(content["records"]) == {
        "resident", "contact", "enrolment", "levy", "payment", "plan", "screening_voucher", "screening", "opt_out",
        "inquiry", "id_change",
    }  # fmt: skip
    (notice,) = content["notices"]
    assert (notice["電話番号"], notice["状態"]) == (PHONE, "着信")
    assert "第4期" in notice["文面"]
    assert [access["種類"] for access in content["accesses"]] == ["お一人ずつの照会", "開示のための書き出し"]
    told = found.as_text().decode("utf-8-sig")
    assert "■ 電話番号の記録（2件）" in told
    assert PHONE in told
    for written in (told, found.as_json().decode()):
        assert "0011110000" not in written
        assert "sato" not in written
    assert PERSON not in repr(found)


def test_who_is_protected_is_marked(scene: Scene) -> None:
    create_resident(scene.owner, resident_id=PERSON, is_protected=True)
    found = export(scene)
    assert found.is_protected
    assert "支援措置の対象の方です" in found.as_text().decode("utf-8-sig")


@pytest.mark.parametrize("written", ["", "=1+1", "1" * 65])
def test_what_is_no_id(written: str) -> None:
    with pytest.raises(NoSuchPerson, match="no resident id"):
        read_id(written)


def test_who_is_not_known_was_asked_for_all_the_same(scene: Scene, purger: Engine) -> None:
    with pytest.raises(NoSuchPerson):
        export(scene, "9999999999")
    assert scene.rows("select kind, accessed_by, reason from ledger.access") == [
        ("person_exported", "sato", "請求第1号")
    ]
    with pytest.raises(NoSuchPerson):
        erasing(scene, purger, "9999999999").look_ahead()


def test_first_it_is_shown_and_nothing_changes(scene: Scene, purger: Engine, person: str) -> None:
    sent(scene)
    before = places_of(scene.owner, PERSON, PHONE)
    _, counts = erasing(scene, purger).look_ahead()
    assert counts == Counter({
        "notices": 1, "texts": 1, "accesses": 1, "records.resident": 1, "records.contact": 2, "records.enrolment": 2,
        "records.levy": 2, "records.payment": 1, "records.plan": 1, "records.screening_voucher": 1,
        "records.screening": 1, "records.opt_out": 1, "records.inquiry": 1, "records.id_change": 1,
    })  # fmt: skip
    assert places_of(scene.owner, PERSON, PHONE) == before
    assert scene.rows("select count(*) from ledger.erasure") == [(0,)]


def test_nothing_is_left_in_the_whole_database(scene: Scene, purger: Engine, person: str) -> None:
    sent(scene)
    assert len(places_of(scene.owner, PERSON, PHONE, "73184288", "73184299")) > 10
    erasing(scene, purger).erase()
    assert places_of(scene.owner, PERSON, PHONE, "73184288", "73184299", "73184298") == []
    assert places_of(scene.owner, "第4期", schema="ledger") == []
    # What was done and who looked can be told.
    assert scene.states() == {"delivered": 1}
    accesses = scene.rows(
        "select kind, accessed_by, left(resident_id, 1), reason from ledger.access order by access_id"
    )
    assert accesses == [("person_looked_up", "sato", "#", None), ("person_erased", "sato", "#", "請求第1号")]
    ((reason, by, counts),) = scene.rows("select reason, erased_by, counts ->> 'records.levy' from ledger.erasure")
    assert (reason, by, counts) == ("請求第1号", "sato", "2")
    # Calls of a day are counted without the caller, others of the household stay.
    assert scene.rows("select resident_id from records.inquiry") == [(None,)]
    assert scene.rows("select resident_id from records.resident") == [("0011110000",)]


def test_what_was_found_at_the_gateway_is_told_and_goes(scene: Scene, purger: Engine, person: str) -> None:
    create_found_message(scene.owner, PHONE, scene.clock())
    create_found_message(scene.owner, "+818011112222", scene.clock())
    found = export(scene)
    assert [message["電話番号"] for message in json.loads(found.as_json())["found_at_gateway"]] == [PHONE]
    assert "■ システムの復元の際に見つかった送信（1件）" in found.as_text().decode("utf-8-sig")
    assert erasing(scene, purger).erase()["found"] == 1
    assert places_of(scene.owner, PHONE) == []
    assert scene.rows("select phone_e164 from ledger.foreign_message where purged_at is null") == [("+818011112222",)]


def test_it_is_found_under_an_old_id_and_under_hashes_afterwards(scene: Scene, purger: Engine, person: str) -> None:
    insert_alias = "insert into records.alias values ('0073184298', '0073184299')"
    with scene.owner.begin() as connection:
        connection.exec_driver_sql(insert_alias)
    sent(scene)
    erasing(scene, purger, "0073184298").erase()
    assert places_of(scene.owner, PERSON, "0073184298", PHONE) == []
    with pytest.raises(CannotErase, match="erased before"):
        erasing(scene, purger).look_ahead()
    (notice,) = json.loads(export(scene).as_json())["notices"]
    assert (notice["電話番号"], notice["文面"], notice["状態"]) == (None, None, "着信")


def test_who_is_in_a_line_is_taken_out_and_the_others_are_sent(scene: Scene, purger: Engine, person: str) -> None:
    scene.campaign = scene.campaign.model_copy(update={"variants": scene.campaign.variants[:1]})
    others = [create_debtor(scene.owner) for _ in range(3)]
    run = scene.approved_run()
    _, counts = erasing(scene, purger).look_ahead()
    assert counts["planned"] == 1
    assert erasing(scene, purger).erase()["planned"] == 1
    delivery.verify_batch(scene.engine, run, 1, KEY)
    digest = scene.rows("select digest from ledger.campaign_run")
    scene.plan(run)
    assert scene.rows("select digest from ledger.campaign_run") == digest
    scene.send(run)
    assert scene.states() == {"accepted": len(others), "suppressed/erased": 1}
    assert PHONE not in scene.accepted_per_number()
    assert places_of(scene.owner, PERSON, PHONE) == []


def test_the_same_subject_is_not_reminded_when_the_person_comes_back(scene: Scene, purger: Engine, person: str) -> None:
    sent(scene)
    erasing(scene, purger).erase()
    scene.clock.moment = OCCURRENCE + timedelta(days=20)
    create_debtor(scene.owner, resident_id=PERSON, phone=PHONE)
    scene.plan(scene.open(scene.clock.moment))
    assert scene.states() == {"delivered": 1, "suppressed/already_reminded": 1}


def hold(scene: Scene, state: str, **values: Any) -> None:
    changes = ", ".join(f"{name} = :{name}" for name in ("state", *values))
    with scene.owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(f"update ledger.notice set {changes}"), {"state": state, **values})


@pytest.mark.parametrize(
    ("state", "values", "sentence"),
    [
        ("unknown", {}, "nobody knows whether it went out"),
        ("accepted", {"scheduled_at": OCCURRENCE + timedelta(days=1)}, "booked at the gateway"),
        ("accepted", {"scheduled_at": OCCURRENCE - timedelta(days=1)}, "receipt"),
    ],
)
def test_what_is_under_way_stands_against_it(
    scene: Scene, purger: Engine, person: str, state: str, values: dict[str, Any], sentence: str
) -> None:
    sent(scene)
    scene.clock.moment = OCCURRENCE
    hold(scene, state, **values)
    before = places_of(scene.owner, PERSON, PHONE)
    for step in (erasing(scene, purger).look_ahead, erasing(scene, purger).erase):
        with pytest.raises(CannotErase, match=sentence):
            step()
    assert places_of(scene.owner, PERSON, PHONE) == before


def test_a_message_that_was_given_up_on_does_not(scene: Scene, purger: Engine, person: str) -> None:
    sent(scene)
    hold(scene, "accepted", reason="no_receipt")
    erasing(scene, purger).erase()
    assert places_of(scene.owner, PERSON, PHONE) == []


def test_protection_of_a_shared_number_stands_against_it(scene: Scene, purger: Engine) -> None:
    create_resident(scene.owner, resident_id=PERSON, phone=PHONE, is_protected=True)
    other = create_resident(scene.owner, phone=PHONE)
    with pytest.raises(CannotErase, match="protected"):
        erasing(scene, purger).erase()
    with scene.owner.begin() as connection:
        connection.execute(
            text("update records.contact set superseded_at = now() where resident_id = :r"), {"r": other}
        )
    erasing(scene, purger).erase()
    assert places_of(scene.owner, PERSON) == []


def test_an_opt_out_of_a_number_that_others_have_stays(scene: Scene, purger: Engine) -> None:
    create_resident(scene.owner, resident_id=PERSON, phone=PHONE)
    create_debtor(scene.owner, phone=PHONE)
    insert(scene.owner, "opt_out", opt_out_id="O1", resident_id=PERSON, phone_e164=PHONE, from_on="2026-01-01")
    erasing(scene, purger).erase()
    assert scene.rows("select resident_id, phone_e164 from records.opt_out") == [(None, PHONE)]
    scene.plan(scene.open())
    assert scene.states() == {"suppressed/opted_out": 1}


def test_killed_between_the_two_steps_nothing_is_sent_and_it_goes_on(
    scene: Scene, purger: Engine, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = scene.approved_run()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Erasing, "_keep", die)
    with pytest.raises(KeyboardInterrupt):
        erasing(scene, purger).erase()
    monkeypatch.undo()
    assert scene.states() == {"suppressed/erased": 1}
    assert scene.rows("select count(*) from ledger.notice where purged_at is not null") == [(0,)]
    scene.send(run)
    assert scene.accepted_per_number() == {}
    erasing(scene, purger).erase()
    assert places_of(scene.owner, PERSON, PHONE) == []


@pytest.fixture
def loading(database_url: URL, owner: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loading]:
    """Loads extracts as the ingest does."""
    monkeypatch.setenv("OSHIRASE_SECRET_KEY", KEY.decode())
    loading = open_loading(database_url, owner, tmp_path)
    yield loading
    loading.engine.dispose()


def test_later_extracts_do_not_bring_a_person_back(scene: Scene, purger: Engine, person: str, loading: Loading) -> None:
    erasing(scene, purger).erase()
    for name, line, other in (
        ("residents", f"{PERSON},H-1,世帯主,S55.1.2,住民,無,ja", "0011110001,H-2,世帯主,S55.1.2,住民,無,ja"),
        ("contacts", f"{PERSON},1,090-7318-4299,R8.4.1", "0011110001,1,090-1111-0001,R8.4.1"),
        ("levies", f"L-1,国保,{PERSON},R8,R8,4,R8.9.30,12000,普徴", "L-2,国保,0011110001,R8,R8,4,R8.9.30,12000,普徴"),
        ("id_changes", f"0073184298,{PERSON},R8.5.1", "0011110003,0011110004,R8.5.1"),
        ("opt_outs", f"O-9,{PERSON},09073184299,R8.4.1", "O-8,0011110001,,R8.4.1"),
    ):
        loaded = loading.lines(name, line, other, minimum_share=0)
        assert (loaded.changed, loaded.rejected) == (1, 0), name
    calls = (f"U1,R8.9.1,保険料係,{PERSON}", "U2,R8.9.1,保険料係,0011110001")
    assert loading.lines("inquiries", *calls, minimum_share=0).changed == 2
    assert loading.current("inquiry", "inquiry_id, resident_id") == [("U1", None), ("U2", "0011110001")]
    assert places_of(scene.owner, PERSON, PHONE, "73184299", "73184298") == []


def test_without_the_key_nothing_is_loaded_that_an_order_may_forbid(
    scene: Scene, purger: Engine, person: str, loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasing(scene, purger).erase()
    monkeypatch.delenv("OSHIRASE_SECRET_KEY")
    with pytest.raises(MissingSetting):
        loading.lines("contacts", f"{PERSON},1,090-7318-4299,R8.4.1", minimum_share=0)
    assert places_of(scene.owner, PERSON) == []


@pytest.mark.parametrize("change", ["update ledger.erasure set reason = 'x'", "delete from ledger.erasure"])
def test_an_order_stands(scene: Scene, purger: Engine, person: str, change: str) -> None:
    erasing(scene, purger).erase()
    for engine in (purger, scene.engine, scene.owner):
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(text(change))
