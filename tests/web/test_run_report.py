"""The report of a run: prints as it is, and as a file needs nothing else."""

import base64
import re
from hashlib import sha256
from uuid import UUID, uuid4

import pytest

from oshirase.domain.notice import CARRIER_LABELS
from tests.scene import Scene
from tests.web.conftest import Open, assert_closed
from tests.web.test_run import CLERK, READER, SCRIPT, STRANGER
from tests.web.test_run_page import change, received


@pytest.fixture
def run(scene: Scene) -> UUID:
    return received(scene)


def test_who_made_it_where_and_when(open_as: Open, scene: Scene, run: UUID) -> None:
    page = open_as(READER).get(f"/runs/{run}/report").text
    carriers = scene.rows("select distinct carrier from ledger.notice where state = 'delivered'")
    assert carriers
    words = [CARRIER_LABELS[carrier] for (carrier,) in carriers]
    for told in ("阿良澄区", "suzuki", "2026年10月2日 19:00", "送信後の納付", "費用", "経過", str(run), *words):
        assert told in page, told


def test_it_is_for_paper(open_as: Open, run: UUID) -> None:
    page = open_as(READER).get(f"/runs/{run}/report").text
    assert not re.search(r"<(a|nav|button|form|script|details)\b", page)
    assert 'href="../../static/run_report.css"' in page
    assert_closed(page)


def test_no_number_and_no_resident(open_as: Open, scene: Scene, run: UUID) -> None:
    page = open_as(READER).get(f"/runs/{run}/report").text
    for phone, resident in scene.rows("select phone_e164, resident_id from ledger.notice"):
        assert phone[3:] not in page
        assert resident not in page


def test_as_a_file_it_needs_no_other_and_runs_nothing(open_as: Open, run: UUID) -> None:
    client = open_as(READER)
    answer = client.get(f"/runs/{run}/report?download=1")
    name = 'attachment; filename="oshirase-nhi_overdue-2026-10-02.html"'
    assert answer.headers["content-disposition"] == name
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', answer.text)
    (sheet,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    permitted = base64.b64encode(sha256(sheet.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{permitted}'"
    assert sheet == client.get("/static/run_report.css").text
    assert "<link" not in answer.text
    assert_closed(answer.text)


def test_nothing_is_recorded(open_as: Open, scene: Scene, run: UUID) -> None:
    open_as(READER).get(f"/runs/{run}/report?download=1")
    assert scene.rows("select count(*) from ledger.access") == [(0,)]


def test_a_text_is_text(open_as: Open, scene: Scene, run: UUID) -> None:
    change(scene, "update ledger.message_text set body = :body", body=f"お知らせ{SCRIPT}")
    assert SCRIPT not in open_as(READER).get(f"/runs/{run}/report").text


def test_who_may_see_it(open_as: Open, run: UUID) -> None:
    assert open_as(None).get(f"/runs/{run}/report").status_code == 401
    assert open_as(STRANGER).get(f"/runs/{run}/report").status_code == 403
    assert open_as(CLERK).get(f"/runs/{uuid4()}/report").status_code == 404
