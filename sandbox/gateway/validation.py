"""What the contract lets in: the form of a new message and the query of a list.

The contract gives the rules but not the wording of the single faults; the wording here is ours. A blank value counts as
absent, and one problem is reported per field.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from sandbox.gateway.contract import ContractError
from sandbox.gateway.lifecycle import utf16_units

MAX_BODY_UNITS = 660
MAX_AHEAD_SECONDS = 30 * 24 * 3600
MAX_PER_PAGE = 100

# The query's enum: unlike a message, a list does not know `processing_error`.
STATUSES = ("done", "waiting", "error", "canceled")
RESULTS = ("done", "processing")
SENT_RESULTS = ("none", "received", "unconnected", "error", "unknown")

_ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_INTEGER = re.compile(r"[0-9]{1,9}")
_TELEPHONE = re.compile(r"[0-9]{11}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)", re.ASCII)

T = TypeVar("T")
Fields = Mapping[str, str]


class NewMessage(NamedTuple):
    """A valid request to send; instants in epoch seconds, tags as a JSON array."""

    service_id: int
    to: str
    body: str
    tags: str
    is_shorten: bool
    scheduled_at: int | None
    limited_at: int | None


class MessageQuery(NamedTuple):
    """A valid request for a list. `filters` holds the ones given, as values for the statement's parameters."""

    filters: Mapping[str, str | int]
    page: int = 1
    per_page: int = 20


class Fault(ValueError):
    """One field is wrong; the text follows the field's name."""


def read_new_message(form: bytes, now: int) -> NewMessage:
    """Read an urlencoded form. Raises ContractError(`validation_error`) with every faulty field."""
    pairs = read_form(form)
    fields, faults = dict(pairs), Faults()
    scheduled_at = faults.read(fields, "scheduled_at", read_moment)
    message = NewMessage(
        service_id=faults.require(fields, "service_id", read_positive, 0),
        to=faults.require(fields, "to", read_telephone, ""),
        body=faults.require(fields, "body", read_body, ""),
        tags=json.dumps([value for name, value in pairs if name == "tags[]" and value], ensure_ascii=False),
        # Omitted means the service's own setting, which on a fresh service shortens.
        is_shorten=faults.read(fields, "is_shorten", read_boolean) is not False,
        scheduled_at=scheduled_at,
        limited_at=faults.read(fields, "limited_at", read_moment),
    )
    if scheduled_at is not None:
        faults.add("scheduled_at", _fault_of_booking(scheduled_at, message.limited_at, now))
    faults.raise_any()
    return message


def read_form(form: bytes) -> list[tuple[str, str]]:
    """Read an urlencoded form as UTF-8, blank values kept.

    Equal to `parse_qsl`, whose escapes, one by one, would take a sixth of the time of a new message in Japanese.
    """
    pairs = (pair.partition(b"=") for pair in form.replace(b"+", b" ").split(b"&") if pair)
    return [(_unescape(name), _unescape(value)) for name, _, value in pairs]


def _unescape(text: bytes) -> str:
    return _ESCAPES.sub(_read_escapes, text).decode("utf-8", "replace")


def _read_escapes(run: re.Match[bytes]) -> bytes:
    return bytes.fromhex(run[0].replace(b"%", b"").decode())


def read_query(pairs: Iterable[tuple[str, str]]) -> MessageQuery:
    """Read the query of a list. Raises ContractError(`validation_error`) with every faulty field."""
    fields, faults = dict(pairs), Faults()
    read = {name: faults.read(fields, name, reader) for name, reader in _FILTERS.items()}
    page = faults.read(fields, "page", read_positive)
    per_page = faults.read(fields, "per_page", read_per_page)
    faults.raise_any()
    filters = {name: value for name, value in read.items() if value is not None}
    return MessageQuery(filters, page or 1, per_page or 20)


class Faults:
    """Collects what is wrong, field by field."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def add(self, name: str, text: str | None) -> None:
        if text is not None:
            self.errors.setdefault(name, []).append(name + text)

    def read(self, fields: Fields, name: str, reader: Callable[[str], T]) -> T | None:
        """Return the field's value, None when absent or wrong."""
        value = fields.get(name, "")
        if not value.strip():
            return None
        try:
            return reader(value)
        except Fault as fault:
            self.add(name, str(fault))
            return None

    def require(self, fields: Fields, name: str, reader: Callable[[str], T], otherwise: T) -> T:
        """Return the field's value; when absent or wrong a fault is noted and `otherwise` returned."""
        value = self.read(fields, name, reader)
        if value is None and name not in self.errors:
            self.add(name, "は必須です。")
        return otherwise if value is None else value

    def raise_any(self) -> None:
        if self.errors:
            raise ContractError("validation_error", self.errors)


def read_positive(value: str) -> int:
    if not _INTEGER.fullmatch(value) or int(value) == 0:
        raise Fault("には1以上の整数を指定してください。")
    return int(value)


def read_per_page(value: str) -> int:
    if (number := read_positive(value)) > MAX_PER_PAGE:
        raise Fault(f"には{MAX_PER_PAGE}以下の値を指定してください。")
    return number


def read_telephone(value: str) -> str:
    if not _TELEPHONE.fullmatch(value):
        raise Fault("には11桁の半角数字を指定してください。")
    return value


def read_body(value: str) -> str:
    if utf16_units(value) > MAX_BODY_UNITS:
        raise Fault(f"は{MAX_BODY_UNITS}文字以下で指定してください。")
    return value


def read_boolean(value: str) -> bool:
    if value not in ("true", "false"):
        raise Fault("にはtrueまたはfalseを指定してください。")
    return value == "true"


def read_moment(value: str) -> int:
    """Read ISO 8601 with an offset as epoch seconds; a space for the T is let in, the operator's SDK lists with one."""
    try:
        moment = datetime.fromisoformat(value) if _MOMENT.fullmatch(value) else None
    except ValueError:
        moment = None
    if moment is None or not 2000 <= moment.year < 2200:
        raise Fault("にはISO 8601形式（時差付き）の日時を指定してください。")
    return int(moment.astimezone(UTC).timestamp())


def read_text(value: str) -> str:
    return value


def read_one_of(values: tuple[str, ...]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in values:
            raise Fault(f"には{'、'.join(values)}のいずれかを指定してください。")
        return value

    return read


def _fault_of_booking(scheduled_at: int, limited_at: int | None, now: int) -> str | None:
    if scheduled_at > now + MAX_AHEAD_SECONDS:
        return "には30日以内の日時を指定してください。"
    if limited_at is not None and scheduled_at > limited_at:
        return "にはlimited_at以前の日時を指定してください。"
    return None


_FILTERS: Mapping[str, Callable[[str], str | int]] = {
    "service_id": read_positive,
    "to": read_text,
    "status": read_one_of(STATUSES),
    "result": read_one_of(RESULTS),
    "sent_result": read_one_of(SENT_RESULTS),
    "tag": read_text,
    "start_at": read_moment,
    "end_at": read_moment,
}
