"""Consoles: the layout of the files that staff upload and download by hand, as `config/gateways/NAME.toml` says it."""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from oshirase.domain.calendar import JST
from oshirase.domain.gateway import DeliveryState
from oshirase.domain.phone import in_domestic_form
from oshirase.domain.settings import NamedSettings, Settings, Text
from oshirase.domain.spreadsheet import escape, is_formula
from oshirase.errors import OshiraseError

MOMENT = "%Y/%m/%d %H:%M"


class CannotWrite(OshiraseError):
    """A row cannot be written as the console's layout wants it; nothing of its file is written."""


def normalise(text: str) -> str:
    """A heading or word as it is compared: half and full width, and blanks around it, make no difference."""
    return unicodedata.normalize("NFKC", text).strip()


def _inside_the_root(folder: str) -> str:
    path = PurePosixPath(folder)
    if path.is_absolute() or ".." in path.parts or "\\" in folder:
        raise ValueError(
            "決められたフォルダの中のフォルダ名にしてください（/ で始まる名前、.. や \\ を含む名前は使えません）"
        )
    return folder


Folder = Annotated[Text, AfterValidator(_inside_the_root)]
Encoding = Literal["cp932", "utf-8", "utf-8-sig"]


class Folders(Settings):
    """Where the files lie, inside one root so that a file moves from one to the other in one step."""

    staging: Folder
    upload: Folder
    results: Folder
    archive: Folder
    lists: Folder

    @model_validator(mode="after")
    def _folders_differ(self) -> "Folders":
        if len({PurePosixPath(folder) for folder in self.model_dump().values()}) < len(type(self).model_fields):
            raise ValueError("同じフォルダが2回書かれています。別のフォルダにしてください")
        return self


class UploadValue(StrEnum):
    """What a column of the upload file holds."""

    PHONE = "phone"
    BODY = "body"
    BOOKING = "booking"
    LIMIT = "limit"
    NOTICE_ID = "notice_id"
    FIXED = "fixed"


class UploadColumn(Settings):
    """One column; `format` (strftime, JST) for moments: a booking date and a booking time are two columns of it."""

    heading: Text
    value: UploadValue
    format: Text = MOMENT
    text: str = ""


class Upload(Settings):
    """The file that staff upload."""

    encoding: Encoding
    separator: Literal[",", "\t", ";"]
    quoting: Literal["all", "minimal"]
    line_end: Literal["crlf", "lf"]
    header: bool
    formula: Literal["escape", "refuse"]
    """'refuse': a text that begins with a formula character stops the file, so that none goes out with the mark."""
    most_rows: int = Field(ge=500)
    lead_minutes: int = Field(ge=5)
    """The earliest booking, counted from the writing of the file: the time that staff need for the upload."""
    cancel_margin_minutes: int = Field(ge=0)
    """A booking can be cancelled in the console until this long before its time."""
    columns: tuple[UploadColumn, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _columns_suffice(self) -> "Upload":
        values = Counter(column.value for column in self.columns)
        if missing := {UploadValue.PHONE, UploadValue.BODY, UploadValue.NOTICE_ID} - set(values):
            raise ValueError(f"columns に次の value の列がありません: {'、'.join(sorted(missing))}")
        if len({normalise(column.heading) for column in self.columns}) < len(self.columns):
            raise ValueError("columns に同じ heading の列があります。別の見出しにしてください")
        return self


class Result(Settings):
    """The file that staff download: the headings of what we read, and the console's words for states."""

    encoding: Encoding
    separator: Literal[",", "\t", ";"]
    columns: tuple[Text, ...] | None = None
    """All headings, first column first; without it the file's first row says them."""
    notice_id: Text
    state: Text
    sent_at: Text | None = None
    received_at: Text | None = None
    carrier: Text | None = None
    parts: Text | None = None
    time_formats: tuple[Text, ...] = (f"{MOMENT}:%S", MOMENT)
    settle_seconds: int = Field(ge=0)
    """A file younger than this may still be on its way into the folder."""
    words: dict[Text, DeliveryState] = Field(min_length=1)

    def wanted(self) -> dict[str, str]:
        """What we read, by field, with its heading."""
        fields = ("notice_id", "state", "sent_at", "received_at", "carrier", "parts")
        return {field: normalise(heading) for field in fields if (heading := getattr(self, field))}

    def state_of(self, word: str) -> DeliveryState | None:
        """What a word of the console means; None when the settings do not say."""
        return {normalise(known): state for known, state in self.words.items()}.get(normalise(word))


class Console(NamedSettings):
    """A console (`config/gateways/NAME.toml`); NAME is what the ledger calls the gateway."""

    kind: Literal["console"]
    folders: Folders
    upload: Upload
    result: Result


@dataclass(frozen=True)
class UploadRow:
    """One SMS as it is booked through an upload file."""

    notice_id: UUID
    phone_e164: str
    body: str
    booking_at: datetime
    limited_at: datetime

    def cells(self, upload: Upload) -> list[str]:
        """The row's cells, a formula character at the start of one escaped.

        Raises:
            CannotWrite: a text begins with a formula character, and the settings say to refuse it.
        """
        return [_guarded(self._cell(column), upload, self.notice_id) for column in upload.columns]

    def _cell(self, column: UploadColumn) -> str:
        return {
            UploadValue.PHONE: in_domestic_form(self.phone_e164, hyphen=""),
            UploadValue.BODY: self.body,
            UploadValue.BOOKING: self.booking_at.astimezone(JST).strftime(column.format),
            UploadValue.LIMIT: self.limited_at.astimezone(JST).strftime(column.format),
            UploadValue.NOTICE_ID: str(self.notice_id),
            UploadValue.FIXED: column.text,
        }[column.value]


def _guarded(cell: str, upload: Upload, notice_id: UUID) -> str:
    if is_formula(cell) and upload.formula == "refuse":
        raise CannotWrite(
            f"the text of notice {notice_id} begins with {cell[:2]!r}, which a spreadsheet takes for a formula: "
            "no file was written; change the text in config/campaigns"
        )
    return escape(cell)


def booking_at(planned: datetime | None, now: datetime, lead_minutes: int) -> datetime:
    """When the console is to send: as planned, or as soon as a person can have uploaded the file, on a full minute."""
    soonest = (now + timedelta(minutes=lead_minutes, seconds=59)).replace(second=0, microsecond=0)
    return max(planned, soonest) if planned else soonest


@dataclass(frozen=True)
class Slot:
    """Batches of a run that go into one upload file; its number is that of the first batch."""

    batches: tuple[int, ...]

    @property
    def number(self) -> int:
        """What the file's name and the task's map call it."""
        return self.batches[0]


def pack_slots(sizes: dict[int, int], most_rows: int) -> list[Slot]:
    """Batches (number: notices), in order, into as few files as hold them: always the same for the same run."""
    slots: list[list[int]] = []
    rows = 0
    for batch, size in sorted(sizes.items()):
        if not slots or rows + size > most_rows:
            slots.append([])
            rows = 0
        slots[-1].append(batch)
        rows += size
    return [Slot(tuple(batches)) for batches in slots]
