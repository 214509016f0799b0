"""`oshirase doctor`."""

from dataclasses import asdict
from datetime import datetime

import typer

from oshirase.adapters import clock
from oshirase.cli.output import AsJson, paper, print_json, table
from oshirase.errors import MissingSetting
from oshirase.services.doctor import Check, Status, examine
from oshirase.services.settings_check import check_settings

MARKS = {Status.OK: "○ よい", Status.WARNING: "△ 注意", Status.FAILURE: "× 異常"}


def doctor(as_json: AsJson = False) -> None:
    """Whether all that a run needs is there: settings, key, calendar, database, gateway, folders."""
    own_clock, now = _check_clock()
    checks = [*own_clock, *examine(check_settings(), now)]
    if as_json:
        print_json({"checks": [asdict(check) for check in checks]})
    else:
        columns = {"確認": "left", "結果": "whole", "説明": "left"}
        rows = [(check.title, MARKS[check.status], check.sentence) for check in checks]
        paper().print(table("動作環境の確認", columns, rows))
    if any(check.status is Status.FAILURE for check in checks):
        raise typer.Exit(1)


def _check_clock() -> tuple[list[Check], datetime]:
    try:
        return [], clock.now()
    except MissingSetting as error:
        sentence = f"環境変数 {clock.SETTING} を消してください（{error}）。"
        return [Check("clock", "時計", Status.FAILURE, sentence)], clock.system_clock()
