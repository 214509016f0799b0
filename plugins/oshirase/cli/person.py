"""`oshirase person`: what a resident may ask for."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine, purge_engine
from oshirase.adapters.files import write_new
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import campaign_names, campaign_titles
from oshirase.cli.output import paper, table
from oshirase.errors import OshiraseError
from oshirase.services.disclosure import TABLE_LABELS, disclose, read_id
from oshirase.services.erasure import ERASURE_LABELS, Erasing

Id = Annotated[str, typer.Argument(metavar="ID", help="The resident id; - asks for it, so that no history keeps it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="The request, as its number; no personal data.")]
To = Annotated[str, typer.Option("--to", metavar="PATH", help="Writes PATH.json and PATH.txt; - prints the JSON.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="The person who answers for it.")]

person = typer.Typer(no_args_is_help=True, help="Requests of residents: disclosure and erasure.")


@person.command()
def export(
    resident_id: Id,
    reason: Reason,
    to: To,
    by: Annotated[str, typer.Option("--by", metavar="NAME", default_factory=getpass.getuser)],
) -> None:
    """Write everything that is held on a person into files that only their owner reads."""
    paths = [] if to == "-" else [Path(f"{to}.json"), Path(f"{to}.txt")]
    for path in paths:
        if path.exists() or not path.parent.is_dir():
            raise OshiraseError(f"{path} is there already, or its folder is not: name another one")
    found = disclose(
        campaign_engine(), _asked(resident_id), campaign_titles(), _said(reason), by, clock.now(), secret_key()
    )
    if found.is_protected:
        print("支援措置の対象の方です。ご本人であることを確認するまで、誰にも渡さないでください。", file=sys.stderr)
    if not paths:
        sys.stdout.write(found.as_json().decode())
        return
    for path, content in zip(paths, (found.as_json(), found.as_text()), strict=True):
        write_new(path, content)
    paper().print(f"{paths[0]} と {paths[1]} に書き出しました。渡した後は削除してください。")


@person.command()
def erase(resident_id: Id, reason: Reason, by: By, is_meant: Annotated[bool, typer.Option("--yes")] = False) -> None:
    """Show what erasing a person takes away; with --yes it goes, and later extracts do not bring it back."""
    erasing = Erasing(
        campaign_engine(), purge_engine(), _asked(resident_id), secret_key(), campaign_names(), _said(reason), by,
        clock.now(),
    )  # fmt: skip
    found, counts = erasing.look_ahead()
    if found.is_protected:
        print(
            "支援措置の対象の方です。削除すると、対象であることも記録に残りません。",
            file=sys.stderr,
        )
    if is_meant:
        counts = erasing.erase()
    labels = ERASURE_LABELS | {f"records.{name}": label for name, label in TABLE_LABELS.items()}
    rows = [(labels.get(what, what), f"{many:,}件") for what, many in counts.items() if many]
    title = "削除しました" if is_meant else "削除されるもの"
    paper().print(table(title, {"内容": "left", "件数": "right"}, rows))
    if not is_meant:
        paper().print("まだ何も削除していません。元には戻せません。削除するときは --yes を付けてください。")


def _asked(written: str) -> str:
    return read_id(typer.prompt("宛名番号", hide_input=True) if written == "-" else written)


def _said(reason: str) -> str:
    if not reason.strip():
        raise OshiraseError("a request has a reason: give its number with --reason")
    return reason.strip()
