"""The record of look-ups and downloads: nobody changes it, and each sees what concerns their campaigns."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from oshirase.services import access
from oshirase.services.access import list_accesses, record_download, record_look_up
from tests.ledger import create_run
from tests.scene import OCCURRENCE


def test_look_ups_and_downloads_of_ones_campaigns_the_newest_first(owner: Engine, engine: Engine) -> None:
    ours, theirs = create_run(owner), create_run(owner, campaign="health_check")
    record_look_up(engine, "0000001234", {"nhi_overdue", "plan_default"}, "電話", "sato", OCCURRENCE)
    record_look_up(engine, "0000009999", {"health_check"}, "電話", "kato", OCCURRENCE)
    record_download(engine, ours, "masked?", 3, "確認", "sato", OCCURRENCE)
    record_download(engine, theirs, "masked?", 4, "確認", "kato", OCCURRENCE)
    seen = list_accesses(engine, {"nhi_overdue"}, None)
    assert [(one.kind, one.resident_masked, one.rows_count) for one in seen] == [
        ("list_downloaded", None, 3),
        ("person_looked_up", "****1234", None),
    ]
    assert list_accesses(engine, set(), None) == []


def test_pages_of_it(owner: Engine, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "PAGE_SIZE", 2)
    for number in range(5):
        record_look_up(engine, str(number), {"nhi_overdue"}, "電話", "sato", OCCURRENCE)
    seen: list[int] = []
    while page := list_accesses(engine, {"nhi_overdue"}, seen[-1] if seen else None):
        seen += [one.access_id for one in page]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 5


@pytest.mark.parametrize(
    "change",
    ["update ledger.access set reason = ''", "delete from ledger.access", "truncate ledger.access"],
)
def test_nobody_changes_it(owner: Engine, engine: Engine, change: str) -> None:
    record_look_up(engine, "1", {"nhi_overdue"}, "電話", "sato", OCCURRENCE)
    for who in (owner, engine):
        with pytest.raises(DBAPIError, match=r"append-only|permission denied"), who.begin() as connection:
            connection.execute(text(change))


def test_a_look_up_needs_somebody(engine: Engine) -> None:
    with pytest.raises(DBAPIError):
        record_look_up(engine, "1", {"nhi_overdue"}, "電話", "Anonymous", OCCURRENCE)
