"""A console's layout: what its settings may say, what a row becomes, and how batches go into files."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from oshirase.adapters.settings import load_console
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Sending
from oshirase.domain.console import CannotWrite, Console, Slot, UploadRow, booking_at, pack_slots
from oshirase.domain.gateway import DeliveryState
from oshirase.domain.spreadsheet import unescape

CONSOLE = load_console("console")
NOW = datetime(2026, 10, 2, 10, 0, 30, tzinfo=JST)
ROW = UploadRow(
    notice_id=UUID("6b1f0e0a-0000-4000-8000-000000000001"),
    phone_e164="+819012345678",
    body="阿良澄区です。",
    booking_at=datetime(2026, 10, 2, 12, 5, tzinfo=JST),
    limited_at=datetime(2026, 10, 2, 17, 0, tzinfo=JST),
)


def changed(**sections: dict[str, Any]) -> Console:
    """The shipped settings, some of them otherwise."""
    content = CONSOLE.model_dump()
    for section, values in sections.items():
        content[section] |= values
    return Console.model_validate(content)


def columns(*values: str) -> list[dict[str, str]]:
    return [{"heading": f"{k} {value}", "value": value} for k, value in enumerate(values)]


def test_a_row_is_written_as_the_settings_say() -> None:
    assert ROW.cells(CONSOLE.upload) == [
        "09012345678", "阿良澄区です。", "2026/10/02", "12:05", "2026/10/02 17:00", str(ROW.notice_id),
    ]  # fmt: skip


def test_a_fixed_column_holds_its_text() -> None:
    extra = [*columns("phone", "body", "notice_id"), {"heading": "種別", "value": "fixed", "text": "SMS"}]
    assert ROW.cells(changed(upload={"columns": extra}).upload)[3] == "SMS"


@pytest.mark.parametrize("body", ["=1+1", "+81", "-1", "@SUM", "\tx", "\rx"])
def test_what_a_spreadsheet_would_calculate_is_escaped_or_refused(body: str) -> None:
    row = UploadRow(ROW.notice_id, ROW.phone_e164, body, ROW.booking_at, ROW.limited_at)
    assert row.cells(CONSOLE.upload)[1] == f"'{body}"
    assert unescape(f"'{body}") == body
    with pytest.raises(CannotWrite, match="no file was written"):
        row.cells(changed(upload={"formula": "refuse"}).upload)


@pytest.mark.parametrize("cell", ["", "'", "'abc", "a=b", "(=)"])
def test_nothing_else_is_touched(cell: str) -> None:
    assert unescape(cell) == cell


@pytest.mark.parametrize(
    ("section", "values", "told"),
    [
        ("upload", {"columns": columns("phone", "body")}, "次の value の列がありません: notice_id"),
        ("upload", {"columns": columns("body", "notice_id")}, "次の value の列がありません: phone"),
        ("upload", {"columns": [*columns("phone", "body", "notice_id"), *columns("phone")]}, "同じ heading の列"),
        ("upload", {"encoding": "latin-1"}, "cp932"),
        ("upload", {"most_rows": 100}, "greater than or equal to 500"),
        ("folders", {"upload": "results"}, "同じフォルダが2回書かれています"),
        ("folders", {"upload": "../elsewhere"}, "決められたフォルダの中"),
        ("folders", {"upload": "/tmp"}, "決められたフォルダの中"),
        ("result", {"words": {"着信": "arrived"}}, "delivered"),
    ],
)
def test_a_layout_that_cannot_be_meant(section: str, values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        changed(**{section: values})


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("着信", DeliveryState.DELIVERED),
        (" 圏外 ", DeliveryState.UNDELIVERED),
        ("送信ｴﾗｰ", DeliveryState.FAILED),
        ("取消", DeliveryState.CANCELLED),
        ("送信中", DeliveryState.PENDING),
        ("到達", None),
    ],
)
def test_the_consoles_words(word: str, state: DeliveryState | None) -> None:
    assert CONSOLE.result.state_of(word) == state


@pytest.mark.parametrize(
    ("planned", "booked"),
    [
        (NOW + timedelta(hours=2), NOW + timedelta(hours=2)),
        (NOW + timedelta(minutes=10), datetime(2026, 10, 2, 11, 1, tzinfo=JST)),
        (None, datetime(2026, 10, 2, 11, 1, tzinfo=JST)),
    ],
)
def test_a_booking_leaves_time_for_the_upload(planned: datetime | None, booked: datetime) -> None:
    assert booking_at(planned, NOW, lead_minutes=60) == booked


def test_batches_go_into_few_files_in_order() -> None:
    assert pack_slots({3: 100, 1: 300, 2: 200, 4: 500}, most_rows=500) == [Slot((1, 2)), Slot((3,)), Slot((4,))]
    assert pack_slots({}, most_rows=500) == []


@given(st.dictionaries(st.integers(1, 999), st.integers(1, 500), max_size=30))
def test_every_batch_is_in_one_file_and_no_file_is_too_long(sizes: dict[int, int]) -> None:
    slots = pack_slots(sizes, most_rows=500)
    assert [batch for slot in slots for batch in slot.batches] == sorted(sizes)
    assert all(sum(sizes[batch] for batch in slot.batches) <= 500 for slot in slots)


@pytest.mark.parametrize(
    "sending",
    [{"hand_over": "console"}, {"console": "console"}, {"hand_over": "console", "console": "karaden"}],
)
def test_a_campaign_names_its_console(sending: dict[str, str]) -> None:
    base = {"gateway_conn_id": "karaden", "lead_minutes": 60, "batch_size": 5}
    assert Sending.model_validate(base).hand_over == "api"
    assert Sending.model_validate({**base, "hand_over": "console", "console": "console"}).console == "console"
    with pytest.raises(ValidationError, match="console"):
        Sending.model_validate({**base, **sending})
