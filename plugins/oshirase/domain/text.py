"""Texts: rendering a variant, counting the parts that a telephone company bills."""

from collections.abc import Mapping

from jinja2 import StrictUndefined, TemplateError
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
