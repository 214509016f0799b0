"""JSON Schemas of the settings files, so that editors complete and check them; run as a module it writes them."""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from oshirase.adapters.paths import project_home
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.console import Console
from oshirase.domain.extract import Ingest, Layout
from oshirase.domain.settings import NamedSettings, Settings

# The newest draft that editors' TOML extensions know well.
DIALECT = "http://json-schema.org/draft-07/schema#"
MODELS: dict[str, type[Settings]] = {
    "campaign": Campaign,
    "city": City,
    "console": Console,
    "extract": Layout,
    "ingest": Ingest,
}


def schema_folder() -> Path:
    """Where the schemas lie; the settings files name them in their first lines."""
    return project_home() / "config" / "schema"


def schema_text(name: str) -> str:
    """A schema file's text."""
    model = MODELS[name]
    schema: dict[str, Any] = {"$schema": DIALECT, **model.model_json_schema(schema_generator=_TomlSchema)}
    if issubclass(model, NamedSettings):
        del schema["properties"]["name"]
        schema["required"].remove("name")
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def write_schemas() -> None:
    """Write all schema files anew."""
    schema_folder().mkdir(exist_ok=True)
    for name in MODELS:
        (schema_folder() / f"{name}.json").write_text(schema_text(name), encoding="utf-8")


class _TomlSchema(GenerateJsonSchema):
    """Without nulls, which TOML does not have, and without titles that say the key again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        shown = super().default_schema(schema)
        return {key: value for key, value in shown.items() if key != "default" or value is not None}


if __name__ == "__main__":
    write_schemas()
