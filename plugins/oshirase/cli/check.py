"""`oshirase check`."""

from typing import Annotated

import typer

from oshirase.adapters.database import campaign_engine
from oshirase.cli.output import AsJson, paper, print_json, table
from oshirase.domain.text import utf16_units
from oshirase.errors import DatabaseUnreachable, MissingSetting, SchemaMismatch
from oshirase.services.settings_check import SampleText, SettingsCheck, check_columns, check_settings

Names = Annotated[list[str] | None, typer.Argument(metavar="[CAMPAIGN]...", help="Only these; default: all.")]


def check(campaigns: Names = None, as_json: AsJson = False) -> None:
    """Settings files and texts, everything that is wrong at once; layouts also against the database, if it answers."""
    found = check_settings(campaigns or ())
    skipped = _hold_against_database(found)
    if as_json:
        print_json(
            {
                "problems": found.problems,
                "texts": [_described(sample) for sample in found.texts],
                "columns_skipped": skipped,
            }
        )
    else:
        _print(found, skipped)
    if found.problems:
        raise typer.Exit(1)


def _hold_against_database(found: SettingsCheck) -> str | None:
    try:
        found.note(check_columns(campaign_engine(), found.layouts))
    except (MissingSetting, DatabaseUnreachable, SchemaMismatch) as error:
        return str(error)
    return None


def _described(sample: SampleText) -> dict[str, object]:
    text = sample.text
    return {
        "campaign": sample.campaign.name,
        "variant": text.variant.name,
        "version": text.variant.version,
        "units": utf16_units(text.body),
        "parts": text.parts,
        "findings": [{"rule": finding.rule, "problem": finding.problem} for finding in text.findings],
    }


def _print(found: SettingsCheck, skipped: str | None) -> None:
    columns = {"お知らせ": "left", "文面": "left", "文字": "right", "通数": "right", "確認": "left"}
    rows = [
        (
            sample.campaign.name,
            f"{sample.text.variant.name}（第{sample.text.variant.version}版）",
            str(utf16_units(sample.text.body)),
            str(sample.text.parts),
            f"{len(sample.text.findings)}件の指摘" if sample.text.findings else "よい",
        )
        for sample in found.texts
    ]
    paper().print(table("文面（日付などは見本）", columns, rows))
    if skipped:
        paper().print(f"取込みの項目とデータベースの列の照合は省きました（{skipped}）。")
    if not found.problems:
        paper().print("設定と文面に誤りはありません。")
    for problem in found.problems:
        paper().print(f"・{problem}")
