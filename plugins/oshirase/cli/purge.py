"""`oshirase purge`."""

import getpass
from typing import Annotated

import typer

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine, purge_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import load_city
from oshirase.cli.output import AsJson, paper, print_json, table
from oshirase.services.purge import PURGE_LABELS, Purge, count_overdue

IsDry = Annotated[bool, typer.Option("--dry-run/--yes", help="Count only (the default), or take it away for good.")]


def purge(is_dry: IsDry = True, as_json: AsJson = False) -> None:
    """What is kept longer than config/city.toml [retention] says; with --yes it goes, as the DAG does every night."""
    retention, now = load_city().retention, clock.now()
    taken = Purge(purge_engine(), retention, secret_key(), now, getpass.getuser(), is_dry=is_dry).run()
    overdue = count_overdue(campaign_engine(), retention, now)
    if as_json:
        print_json({"is_dry_run": is_dry, "taken": dict(taken), "overdue": overdue})
        return
    title = "保存期間が過ぎた個人情報" if is_dry else "削除した個人情報"
    rows = [(label, f"{taken[kind]:,}件") for kind, label in PURGE_LABELS.items()]
    paper().print(table(title, {"内容": "left", "件数": "right"}, rows))
    if overdue:
        paper().print(f"結果がわからないまま保存期間が過ぎたお知らせが{overdue:,}件あります。職員の判断が必要です。")
    if is_dry:
        paper().print("まだ何も削除していません。削除するときは --yes を付けてください。")
