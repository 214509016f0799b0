"""Reading the settings files under `config/`: a mistake is told with file, key and a sentence for staff."""

import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from oshirase.adapters.paths import project_home
from oshirase.adapters.settings_errors import (
    SENTENCES,
    Finding,
    bad_settings,
    findings_of,
    known_names,
    shown_value,
    syntax_finding,
)
from oshirase.adapters.sql import declared
from oshirase.domain.campaign import Campaign, City, InSeason
from oshirase.domain.console import Console
from oshirase.domain.extract import ID_CHANGES, Ingest, Layout
from oshirase.domain.settings import NamedSettings, Settings
from oshirase.domain.staff import Staff
from oshirase.errors import BadSettings, UnknownCampaign

S = TypeVar("S", bound=Settings)
N = TypeVar("N", bound=NamedSettings)


def load_city() -> City:
    """The city's settings, `config/city.toml`.

    Raises:
        BadSettings: a line for each finding, with file, key and sentence.
    """
    path = _config("city.toml")
    content = _read(path)
    expected = _table(_table(content, "alerts"), "extracts")
    return _validated(City, content, path, list(_freshness_findings("alerts.extracts", expected)))


def load_campaign(name: str) -> Campaign:
    """A campaign's settings, `config/campaigns/NAME.toml`, held against the city's.

    Raises:
        UnknownCampaign: no such file; names the campaigns that there are.
        BadSettings: a line for each finding, with file, key and sentence; of the city's file when that is wrong.
    """
    path = _config("campaigns", f"{name}.toml")
    if name not in (known := campaign_names()):
        raise UnknownCampaign(
            f"config/campaigns/{name}.toml: ファイルがありません。作成するか、DAG に書かれた名前をご確認ください。"
            f"{known_names(known, name)}。"
        )
    city, content = load_city(), _read(path)
    campaign = _validated_named(Campaign, content, path, list(_reference_findings(content, city)))
    if isinstance(campaign.timetable, InSeason) and (years := campaign.timetable.years_without_a_day(city)):
        sentence = (
            f"この期間と曜日では、開庁日のない年があります（{years[0]}年など）。期間を延ばすか、曜日を増やしてください"
        )
        raise bad_settings(path, [Finding("timetable", sentence)])
    if campaign.sending.console:
        load_console(campaign.sending.console)
    return campaign


def campaign_names() -> list[str]:
    """Names of the campaigns that have a settings file, in order."""
    return sorted(path.stem for path in _config("campaigns").glob("*.toml"))


def campaign_titles() -> dict[str, str]:
    """What staff call each campaign; one whose file is wrong goes by its name, so that pages still show the others."""
    titles = {}
    for name in campaign_names():
        try:
            titles[name] = load_campaign(name).title
        except BadSettings:
            titles[name] = name
    return titles


def load_console(name: str) -> Console:
    """A console's settings, `config/gateways/NAME.toml`.

    Raises:
        BadSettings: a line for each finding, with file, key and sentence.
    """
    path = _config("gateways", f"{name}.toml")
    return _validated_named(Console, _read(path), path)


def console_names() -> list[str]:
    """Names of the consoles that have a settings file, in order."""
    paths = _config("gateways").glob("*.toml")
    return sorted(path.stem for path in paths if _read(path).get("kind") == "console")


def load_ingest() -> Ingest:
    """Where extracts arrive, `config/ingest.toml`.

    Raises:
        BadSettings: a line for each finding, with file, key and sentence.
    """
    path = _config("ingest.toml")
    return _validated(Ingest, _read(path), path)


def load_staff(path: Path) -> Staff:
    """The accounts that a file of the administrator's is about, wherever it lies.

    Raises:
        BadSettings: a line for each finding, with file, key and sentence.
    """
    return _validated(Staff, _read(path), path)


def load_layouts() -> list[Layout]:
    """The layouts of all extracts, `config/extracts/*.toml`: changes of ids first, then by name.

    Raises:
        BadSettings: a line for each finding in any of the files, with file, key and sentence.
    """
    layouts, wrong = [], []
    for path in _layout_paths():
        try:
            layouts.append(_validated_named(Layout, _read(path), path))
        except BadSettings as error:
            wrong.append(str(error))
    if wrong:
        raise BadSettings("\n".join(wrong))
    return sorted(layouts, key=lambda layout: layout.table != ID_CHANGES)


def extract_titles() -> dict[str, str]:
    """What staff call the extract that fills a table of the records.

    A layout that is wrong is no error here: it stops the ingest, not the campaigns.
    """
    said = [(content.get("table"), content.get("title")) for content in reversed(_layout_contents())]
    return {table: title for table, title in said if isinstance(table, str) and isinstance(title, str)}


def _config(*parts: str) -> Path:
    return project_home().joinpath("config", *parts)


def _layout_paths() -> list[Path]:
    return sorted(_config("extracts").glob("*.toml"))


def _layout_contents() -> list[dict[str, Any]]:
    """What the layouts say, not validated; nothing for one that cannot be read."""
    contents = []
    for path in _layout_paths():
        try:
            contents.append(_read(path))
        except BadSettings:
            contents.append({})
    return contents


def _read(path: Path) -> dict[str, Any]:
    try:
        # Some editors put a mark before the text.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        finding = Finding("", "ファイルがありません。配布元のファイルか控えから元に戻してください")
    except UnicodeDecodeError:
        finding = Finding("", "文字コードが UTF-8 ではありません。UTF-8 で保存し直してください")
    except OSError as error:
        finding = Finding("", f"ファイルを開けません（{error.strerror}）。置き場所と権限をご確認ください")
    except tomllib.TOMLDecodeError as error:
        finding = syntax_finding(error)
    raise bad_settings(path, [finding])


def _validated_named(model: type[N], content: dict[str, Any], path: Path, others: list[Finding] | None = None) -> N:
    findings = list(others or ())
    if "name" in content:
        findings.append(Finding("name", "名前はファイル名で決まります。この行を削除してください"))
    return _validated(model, {**content, "name": path.stem}, path, findings)


def _validated(model: type[S], content: dict[str, Any], path: Path, others: list[Finding] | None = None) -> S:
    """The settings, when nothing is wrong with them; `others` is what was found without the model."""
    try:
        settings = model.model_validate(content)
    except ValidationError as error:
        raise bad_settings(path, [*findings_of(error, model, content), *(others or ())]) from None
    if others:
        raise bad_settings(path, others)
    return settings


def _reference_findings(content: dict[str, Any], city: City) -> Iterator[Finding]:
    """Names that nothing has; read before validation, so that all findings come at once."""
    section, calendar = content.get("section"), _table(content, "timetable").get("calendar")
    if isinstance(section, str) and section not in city.sections:
        yield _unknown("section", section, "config/city.toml の [sections] にありません", city.sections)
    if isinstance(calendar, str) and calendar not in city.calendars:
        yield _unknown("timetable.calendar", calendar, "config/city.toml の [calendars] にありません", city.calendars)
    console = _table(content, "sending").get("console")
    if isinstance(console, str) and not _config("gateways", f"{console}.toml").is_file():
        yield Finding("sending.console", f"config/gateways/{console}.toml がありません")
    yield from _freshness_findings("freshness", _table(content, "freshness"))
    yield from _cohort_findings(_table(content, "cohort"))


def _table(content: dict[str, Any], key: str) -> dict[str, Any]:
    """A table of a file that was not validated yet; without it, an empty one."""
    return found if isinstance(found := content.get(key), dict) else {}


def _unknown(key: str, value: str, sentence: str, known: Collection[str]) -> Finding:
    return Finding(key, f"{sentence}{shown_value(value)}。{known_names(known, value)}")


def _freshness_findings(key: str, freshness: dict[str, Any]) -> Iterator[Finding]:
    contents = _layout_contents()
    tables = {table for content in contents if isinstance(table := content.get("table"), str)}
    # A layout that does not say its table may be the one.
    if all("table" in content for content in contents):
        for table in freshness.keys() - tables:
            yield _unknown(f"{key}.{table}", table, "この名前の table は config/extracts にありません", tables)


# What every cohort statement is asked with.
COHORT_BINDS = {"as_of", "known_at"}


def _cohort_findings(cohort: dict[str, Any]) -> Iterator[Finding]:
    if not isinstance(name := cohort.get("statement"), str):
        return
    if not name.startswith("cohort/"):
        yield Finding(
            "cohort.statement", f"include/sql/cohort にある抽出文を cohort/… と書いてください{shown_value(name)}"
        )
    elif not (project_home() / f"include/sql/{name}.sql").is_file():
        yield Finding("cohort.statement", f"include/sql/{name}.sql がありません。名前をご確認ください")
    else:
        yield from _param_findings(name, _table(cohort, "params"))


def _param_findings(name: str, params: dict[str, Any]) -> Iterator[Finding]:
    file = f"include/sql/{name}.sql"
    wanted = {bind: kind for bind, kind in declared(name, "params").items() if bind not in COHORT_BINDS}
    for bind, kind in wanted.items():
        if bind not in params:
            yield Finding(f"cohort.params.{bind}", f"{file} に必要な値です。書き加えてください")
        elif isinstance(params[bind], int if kind == "text" else str):
            sentence = SENTENCES["string_type" if kind == "text" else "int_type"]
            yield Finding(f"cohort.params.{bind}", f"{sentence}{shown_value(params[bind])}")
    for bind in params:
        if bind not in wanted:
            yield Finding(f"cohort.params.{bind}", f"{file} にこの名前の値はありません。{known_names(wanted, bind)}")
