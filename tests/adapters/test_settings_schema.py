"""The JSON Schemas of the settings files: as the models say, and what is shipped holds them."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from oshirase.adapters.paths import project_home
from oshirase.adapters.settings_schema import MODELS, schema_folder, schema_text, write_schemas

CONFIG = project_home() / "config"
FILES = sorted(CONFIG.rglob("*.toml"))


def validator(name: str) -> Draft7Validator:
    return Draft7Validator(json.loads(schema_text(name)), format_checker=FormatChecker())


def content_of(path: Path) -> dict[str, Any]:
    """A file as editors hold it against its schema: dates and times are texts."""
    return json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str))  # type: ignore[no-any-return]


def wrong(name: str, content: object) -> list[str]:
    return [".".join(map(str, error.absolute_path)) for error in validator(name).iter_errors(content)]


@pytest.mark.parametrize("name", MODELS)
def test_the_committed_schema_is_what_the_models_say(name: str) -> None:
    committed = (schema_folder() / f"{name}.json").read_text(encoding="utf-8")
    assert committed == schema_text(name), "run `make schema`"
    Draft7Validator.check_schema(json.loads(committed))


def test_there_is_no_other_schema() -> None:
    assert {path.stem for path in schema_folder().iterdir()} == set(MODELS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CONFIG).as_posix())
def test_every_settings_file_names_its_schema_and_holds_it(path: Path) -> None:
    directive, named = path.read_text(encoding="utf-8").splitlines()[0].split(" ")
    schema = (path.parent / named).resolve()
    assert directive == "#:schema"
    assert schema.parent == schema_folder().resolve()
    assert schema.is_file()
    assert wrong(schema.stem, content_of(path)) == []


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("call_rate = 0.15", "call_rate = -1", "pacing.call_rate"),
        ("per_occurrence = 2000", "per_occurence = 2000", "pacing"),
        ('at = "10:00"', 'at = "25:00"', "timetable"),
        ('title = "', 'name = "', ""),
    ],
)
def test_a_mistake_is_seen_while_it_is_written(tmp_path: Path, before: str, after: str, place: str) -> None:
    text = (CONFIG / "campaigns" / "nhi_overdue.toml").read_text(encoding="utf-8")
    spoiled = tmp_path / "spoiled.toml"
    spoiled.write_text(text.replace(before, after), encoding="utf-8")
    assert place in wrong("campaign", content_of(spoiled))


def test_a_closure_is_a_date() -> None:
    city = content_of(CONFIG / "city.toml")
    assert wrong("city", city | {"holidays": {"also_closed": ["2026-10-01"]}}) == []
    assert wrong("city", city | {"holidays": {"also_closed": ["1 October"]}}) == ["holidays.also_closed.0"]


def test_editors_are_told_what_a_key_means() -> None:
    schema = json.loads(schema_text("campaign"))
    assert schema["$defs"]["Pacing"]["properties"]["call_rate"]["description"].startswith("Telephone inquiries")
    assert "name" not in schema["properties"]
    assert '"null"' not in schema_text("campaign")


def test_the_schemas_are_written_where_the_settings_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").mkdir()
    monkeypatch.setenv("OSHIRASE_HOME", str(tmp_path))
    write_schemas()
    assert (tmp_path / "config" / "schema" / "city.json").read_text(encoding="utf-8") == schema_text("city")
