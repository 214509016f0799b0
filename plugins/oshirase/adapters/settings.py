"""Reading the settings files under `config/`."""

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from oshirase.adapters.paths import project_home
from oshirase.domain.campaign import TIMETABLE_KINDS, AfterDueDate, Campaign, City, Settings
from oshirase.domain.console import Console
from oshirase.domain.extract import ID_CHANGES, Ingest, Layout
from oshirase.errors import BadSettings, UnknownCampaign

S = TypeVar("S", bound=Settings)


def load_city() -> City:
    """The city's settings, `config/city.toml`.

    Raises:
        BadSettings: the file, the key and what is wrong with it.
    """
    path = project_home() / "config" / "city.toml"
    return _validated(City, _read(path), path)


def load_campaign(name: str) -> Campaign:
    """A campaign's settings, `config/campaigns/NAME.toml`, held against the city's.

    Raises:
        UnknownCampaign: no such file; names the campaigns that there are.
        BadSettings: the file, the key and what is wrong with it.
    """
    path = project_home() / "config" / "campaigns" / f"{name}.toml"
    if name not in (known := campaign_names()):
        raise UnknownCampaign(f"there is no campaign {name!r}: add {path.name} or choose one of {', '.join(known)}")
    campaign = _validated(Campaign, {"name": name, **_read(path)}, path)
    _check_references(campaign, load_city(), path)
    return campaign


def campaign_names() -> list[str]:
    """Names of the campaigns that have a settings file, in order."""
    return sorted(path.stem for path in (project_home() / "config" / "campaigns").glob("*.toml"))


def load_console(name: str) -> Console:
    """A console's settings, `config/gateways/NAME.toml`.

    Raises:
        BadSettings: the file, the key and what is wrong with it.
    """
    path = project_home() / "config" / "gateways" / f"{name}.toml"
    return _validated(Console, {"name": name, **_read(path)}, path)


def console_names() -> list[str]:
    """Names of the consoles that have a settings file, in order."""
    paths = (project_home() / "config" / "gateways").glob("*.toml")
    return sorted(path.stem for path in paths if _read(path).get("kind") == "console")


def load_ingest() -> Ingest:
    """Where extracts arrive, `config/ingest.toml`.

    Raises:
        BadSettings: the file, the key and what is wrong with it.
    """
    path = project_home() / "config" / "ingest.toml"
    return _validated(Ingest, _read(path), path)


def load_layouts() -> list[Layout]:
    """The layouts of all extracts, `config/extracts/*.toml`: changes of ids first, then by name.

    Raises:
        BadSettings: the file, the key and what is wrong with it.
    """
    paths = sorted((project_home() / "config" / "extracts").glob("*.toml"))
    layouts = [_validated(Layout, {"name": path.stem, **_read(path)}, path) for path in paths]
    return sorted(layouts, key=lambda layout: layout.table != ID_CHANGES)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadSettings(f"{path} is missing: restore it from the repository") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} is no valid TOML: {error}") from None


def _validated(model: type[S], content: dict[str, Any], path: Path) -> S:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        findings = [f"{_key(e['loc']) or 'the file'}: {e['msg']}" for e in error.errors()]
        raise BadSettings(f"{path}: {'; '.join(findings)}") from None


def _key(location: tuple[int | str, ...]) -> str:
    # The kind of a timetable stands between two keys; the file has no such key.
    return ".".join(str(part) for part in location if part not in TIMETABLE_KINDS)


def extract_titles() -> dict[str, str]:
    """What staff call the extract that fills a table of the records."""
    return {layout.table: layout.title for layout in reversed(load_layouts())}


def _check_references(campaign: Campaign, city: City, path: Path) -> None:
    if unknown := set(campaign.freshness) - set(extract_titles()):
        raise BadSettings(f"{path}: freshness: no file in config/extracts fills {', '.join(sorted(unknown))}")
    references: list[tuple[str, str, Collection[str]]] = [("section", campaign.section, city.sections)]
    if isinstance(campaign.timetable, AfterDueDate):
        references.append(("timetable.calendar", campaign.timetable.calendar, city.calendars))
    for key, value, known in references:
        if value not in known:
            raise BadSettings(f"{path}: {key}: {value!r} is not in config/city.toml ({', '.join(known)})")
    if not (project_home() / "include" / "sql" / f"{campaign.cohort}.sql").is_file():
        raise BadSettings(f"{path}: cohort: there is no include/sql/{campaign.cohort}.sql")
    if campaign.sending.console:
        load_console(campaign.sending.console)
