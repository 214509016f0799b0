"""Texts: rendering a variant, counting the parts that a telephone company bills."""

from collections.abc import Mapping
from datetime import date

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import SandboxedEnvironment

ONE_PART_UNITS = 70
LONG_PART_UNITS = 67
GATEWAY_LIMIT_UNITS = 660

_environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)


class BadText(ValueError):
    """A template that cannot be rendered, or a text that cannot be sent as it is."""


def render(template: str, fields: Mapping[str, object]) -> str:
    """Fill a variant's template; a field that the cohort does not declare is an error.

    Raises:
        BadText: the template is wrong or asks for an unknown field.
    """
    try:
        return _environment.from_string(template).render(fields).strip()
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise BadText(str(error)) from error


def names_in(template: str) -> set[str]:
    """What a template asks for.

    Raises:
        BadText: the template is wrong.
    """
    try:
        return meta.find_undeclared_variables(_environment.parse(template))
    except TemplateError as error:
        raise BadText(str(error)) from error


# The longest that a field of each kind becomes, near enough.
SAMPLE_FIELDS: Mapping[str, object] = {"date": "2026-12-31", "number": 12}
_LARGEST_NUMBER = 9_999


def field_in_words(kind: str, value: object) -> str | int:
    """A cohort's field as a text says it: a date as 9月30日, a number as it is.

    There are no other kinds, and no larger numbers: names, amounts and telephone numbers cannot get into a text.

    Raises:
        BadText: the value is not of its kind.
    """
    if kind == "date" and isinstance(value, str):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise BadText(f"{value!r} is no date") from None
        return f"{day.month}月{day.day}日"
    if kind == "number" and isinstance(value, int) and 0 <= value <= _LARGEST_NUMBER:
        return value
    raise BadText(f"a field of kind {kind} cannot be what the cohort says")


def utf16_units(text: str) -> int:
    """Length as the gateway counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def split_parts(text: str) -> list[str]:
    """The parts in which a text arrives: one of up to 70 units, else of up to 67 each, no surrogate pair cut.

    Source: the carriers' rule for long SMS, shared by the Karaden contract.
    """
    if utf16_units(text) <= ONE_PART_UNITS:
        return [text]
    parts: list[str] = []
    part, room = "", LONG_PART_UNITS
    for character in text:
        units = utf16_units(character)
        if units > room:
            parts.append(part)
            part, room = "", LONG_PART_UNITS
        part, room = part + character, room - units
    return [*parts, part]


def count_parts(text: str) -> int:
    """Billable parts of a text."""
    return len(split_parts(text))


def find_unsendable(text: str) -> list[str]:
    """What the gateway or the telephones cannot carry, a sentence each.

    Empty, over the gateway's 660 units, or a one-part text with characters that au cannot show.
    """
    units = utf16_units(text)
    problems = [] if text else ["本文が空です。"]
    if units > GATEWAY_LIMIT_UNITS:
        problems.append(f"{units}文字あります。送信できるのは{GATEWAY_LIMIT_UNITS}文字までです。")
    if units <= ONE_PART_UNITS and (strange := dict.fromkeys(c for c in text if not _is_shift_jis(c))):
        problems.append(f"1通分の本文に、Shift_JISにない文字「{' '.join(strange)}」があります。")
    return problems


def _is_shift_jis(character: str) -> bool:
    try:
        character.encode("shift_jis")
    except UnicodeEncodeError:
        return False
    return True
