"""What is wrong with a settings file, in sentences that staff can read: one line a finding."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from oshirase.adapters.paths import project_home
from oshirase.domain.settings import NamedSettings
from oshirase.errors import BadSettings

Location = tuple[int | str, ...]

_WHOLE = "整数にしてください"
_NUMBER = "数にしてください"
_TABLE = "値ではなく、項目の集まり（[見出し] とその下の行）にしてください"
_LIST = "角かっこ [ ] で囲んで並べてください"
_DATE = "日付は 2026-10-01 のように書いてください"
_TIME = '時刻は "10:00" のように書いてください'
_ONE_OF = "次のどれかにしてください: {expected}"

# By pydantic's type of error; the fields are those of its context.
SENTENCES = {
    "missing": "この項目がありません。書き加えてください",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "数が大きすぎます",
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": "true か false にしてください",
    "bool_parsing": "true か false にしてください",
    "string_type": "引用符で囲んだ文字にしてください",
    "string_too_short": "{min_length}文字以上にしてください",
    "string_too_long": "{max_length}文字以下にしてください",
    "string_pattern_mismatch": "正規表現 {pattern} に合う文字にしてください",
    "greater_than": "{gt}より大きい数にしてください",
    "greater_than_equal": "{ge}以上の数にしてください",
    "less_than": "{lt}より小さい数にしてください",
    "less_than_equal": "{le}以下の数にしてください",
    "too_short": "{min_length}個以上書いてください（現在は{actual_length}個）",
    "too_long": "{max_length}個以下にしてください（現在は{actual_length}個）",
    "literal_error": _ONE_OF,
    "enum": _ONE_OF,
    "time_type": _TIME,
    "time_parsing": _TIME,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "union_tag_invalid": "次のどれかにしてください: {expected_tags}",
    "union_tag_not_found": "{discriminator} を書いてください",
}

# By the beginning of tomllib's words.
_SYNTAX = {
    "Expected '=' after a key": "項目名のあとに「=」がありません",
    "Expected ']": "見出しの終わりに「]」がありません",
    "Expected newline or end of document": "値のあとに余分な文字があります",
    "Expected '\"'": "引用符が閉じられていません",
    "Unterminated string": "引用符が閉じられていません",
    "Illegal character": "ここに使えない文字があります。引用符の閉じ忘れがないか、ご確認ください",
    "Found invalid character": "ここに使えない文字があります",
    "Invalid value": '値の書き方が正しくありません。文字は "…" で囲み、前の行のかっこの閉じ忘れもご確認ください',
    "Invalid statement": "項目名に使えない文字があります。全角の記号や空白がないか、ご確認ください",
    "Invalid initial character": "項目名に使えない文字があります。全角の記号や空白がないか、ご確認ください",
    "Invalid date": "暦にない日付か時刻です",
    "Unclosed array": "「[」が閉じられていません",
    "Unclosed inline table": "「{」が閉じられていません",
    "Unescaped '\\'": "文字の中の「\\」は「\\\\」と書いてください",
    "Cannot overwrite a value": "同じ項目が2回書かれています",
    "Duplicate inline table key": "同じ項目が2回書かれています",
    "Cannot declare": "同じ見出しが2回書かれています",
    "Cannot mutate": "同じ見出しが2回書かれています",
    "Cannot redefine": "同じ見出しが2回書かれています",
}
_LONGEST_VALUE = 40
_SECRET_KEYS = {"password"}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the key (empty: the file as a whole) and the sentence, without its full stop."""

    key: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.key}: {self.sentence}。" if self.key else f"{self.sentence}。"


def shown_path(path: Path) -> str:
    """A file as staff call it, from the project's home on: no machine's paths on a page."""
    home = project_home()
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name


def bad_settings(path: Path, findings: Iterable[Finding]) -> BadSettings:
    """The error of a file: a line for each finding."""
    return BadSettings("\n".join(f"{shown_path(path)}: {finding}" for finding in findings))


def syntax_finding(error: TOMLDecodeError) -> Finding:
    """Where a file stops being TOML, and why."""
    words = str(error)
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", words)
    reason = words[: place.start()] if place else words
    known = (sentence for beginning, sentence in _SYNTAX.items() if reason.startswith(beginning))
    sentence = next(known, f"TOML として読み取れません（{reason}）")
    if place is None:
        return Finding("", sentence)
    return Finding(f"{place[1]}行目の{place[2]}文字目" if place[1] else "ファイルの終わり", sentence)


def findings_of(error: ValidationError, model: type[BaseModel], content: object) -> list[Finding]:
    """A finding for each key that is wrong; `content` is what was validated."""
    sentences: dict[Location, list[str]] = {}
    values: dict[Location, str] = {}
    for details in error.errors():
        location = _in_file(details, content)
        sentences.setdefault(location, []).append(_sentence(details, model))
        values[location] = _value(details)
    # A value that may be of several types is found wrong once for each.
    return [Finding(_key(place), "。または、".join(each) + values[place]) for place, each in sentences.items()]


def known_names(names: Collection[str], given: str = "") -> str:
    """What may stand there, the nearest one to what was given first."""
    near = get_close_matches(given, names, n=1)
    guess = f"もしかして {near[0]} ですか。" if near else ""
    return f"{guess}使える名前: {'、'.join(sorted(names)) or 'なし'}"


def shown_value(value: object) -> str:
    """A value as the file says it, in brackets; nothing for tables and lists."""
    match value:
        case bool():
            shown = str(value).lower()
        case str():
            shown = f'"{value}"' if len(value) <= _LONGEST_VALUE else f'"{value[:_LONGEST_VALUE]}…"'
        case Mapping() | list() | tuple() | None:
            return ""
        case _:
            shown = str(value)
    return f"（現在の値: {shown}）"


def _sentence(details: ErrorDetails, model: type[BaseModel]) -> str:
    kind, context = details["type"], details.get("ctx", {})
    match kind:
        case "value_error":
            return str(context["error"])
        case "extra_forbidden":
            return _no_such_key(str(details["loc"][-1]), _keys_at(model, details["loc"][:-1]))
    if (sentence := SENTENCES.get(kind)) is None:
        return f"この値は使えません（{details['msg']}）"
    return sentence.format_map({name: _plain(value) for name, value in context.items()})


def _plain(value: object) -> str:
    """A limit without needless digits; choices without pydantic's English between them."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):
        return "、".join(re.findall(r"'[^']*'", value)).replace("'", '"') or value
    return str(value)


def _no_such_key(key: str, known: Collection[str]) -> str:
    if near := get_close_matches(key, known, n=1):
        return f"このような項目はありません。もしかして {near[0]} ですか"
    return f"このような項目はありません。使える項目: {'、'.join(known)}"


def _value(details: ErrorDetails) -> str:
    is_secret = _SECRET_KEYS.intersection(details["loc"])
    return "" if is_secret or details["type"] in {"missing", "extra_forbidden"} else shown_value(details["input"])


def _in_file(details: ErrorDetails, content: Any) -> Location:
    """The place of an error in the file: without the marks that pydantic puts between for a union's members."""
    place: list[int | str] = []
    for number, part in enumerate(details["loc"], start=1):
        if isinstance(content, dict | list) and _has(content, part):
            content = content[part]  # type: ignore[index]
        elif details["type"] != "missing" or number < len(details["loc"]):
            continue
        place.append(part)
    return tuple(place)


def _has(content: dict[str, Any] | list[Any], part: int | str) -> bool:
    if isinstance(content, dict):
        return part in content
    return isinstance(part, int) and part < len(content)


def _key(place: Location) -> str:
    """As in `variants（1番目）.weight`."""
    return "".join(f"（{part + 1}番目）" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _keys_at(model: type[BaseModel], location: Location) -> list[str]:
    """The keys that there are at a place of a settings file."""
    models = {model}
    for part in location:
        fields = [each.model_fields[str(part)].annotation for each in models if part in each.model_fields]
        models = {inner for field in fields for inner in _models_in(field)} or _of_kind(models, part)
    # What a file is called, it does not say itself.
    return [key for each in models for key in each.model_fields if key != "name" or not issubclass(each, NamedSettings)]


def _models_in(annotation: object) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for argument in get_args(annotation) for model in _models_in(argument)}


def _of_kind(models: set[type[BaseModel]], part: int | str) -> set[type[BaseModel]]:
    """Of a union's members the one that a part of the location names; all of them for an index or a free key."""
    kinds = {each for each in models if (kind := each.model_fields.get("kind")) and part in get_args(kind.annotation)}
    return kinds or models
