"""The page of look-ups and downloads."""

from uuid import UUID

import pytest

from oshirase.web.visitor import Visitor
from tests.people import create_debtor
from tests.scene import Scene
from tests.web.conftest import Open, assert_closed, japanese_in
from tests.web.test_notices import take
from tests.web.test_people import CLERK, NOBODY, OTHER, OURS, READER, ask

TITLE = "国民健康保険料 納付確認のお知らせ"


@pytest.fixture
def run(scene: Scene) -> UUID:
    create_debtor(scene.owner, resident_id="0000004321")
    return scene.approved_run()


def test_who_asked_for_whom_and_took_what(open_as: Open, run: UUID) -> None:
    client = open_as(CLERK)
    ask(client, "0000004321")
    take(client, run, personal="true", state="planned", find="12345678")
    page = client.get("/access").text
    assert "****4321" in page
    assert "0000004321" not in page
    assert "電話でのお問合せ" in page
    assert "宛名番号と電話番号を含む<br>送信予定<br>12345678" in page
    assert f'href="runs/{run}"' in page
    assert "窓口での確認のため" in page
    assert_closed(page)


def test_for_whoever_may_see_a_campaign_and_only_of_theirs(open_as: Open, run: UUID) -> None:
    take(open_as(CLERK), run)
    both = Visitor("sato", OURS | {"ingest_extracts"}, OURS | {"ingest_extracts"})
    ask(open_as(both), "0000004321", both)
    assert open_as(NOBODY).get("/access").status_code == 403
    assert "窓口での確認のため" in open_as(READER).get("/access").text
    assert open_as(None).get("/access").status_code == 401
    other = Visitor("kato", OTHER.readable | {"ingest_extracts"}, OTHER.editable | {"ingest_extracts"})
    assert "記録はまだありません" in open_as(other).get("/access").text
    ask(open_as(OTHER), "0000004321", OTHER)
    assert open_as(OTHER).get("/access").text.count("****4321") == 1
    assert open_as(CLERK).get("/access").text.count("****4321") == 1


def test_in_english(open_as: Open, run: UUID) -> None:
    client = open_as(CLERK)
    take(client, run, state="planned", why="audit")
    page = client.get("/access?language=en").text
    assert "last four digits of numbers only<br>to be sent" in page
    assert japanese_in(page, TITLE) == []
