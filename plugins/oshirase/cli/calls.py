"""`oshirase calls`."""

import getpass
from datetime import datetime
from typing import Annotated

import typer

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import load_city
from oshirase.cli.output import paper
from oshirase.services.measurement import record_calls

Section = Annotated[str, typer.Option("--section", metavar="NAME", help="As in config/city.toml, like premium.")]
On = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The day of the calls.")]
Count = Annotated[int, typer.Option(min=0, metavar="N", help="How many there were in all.")]


calls = typer.Typer(no_args_is_help=True, help="Telephone calls that a section counted.")


@calls.callback()
def _group() -> None:
    """Keeps `record` a command of its own."""


@calls.command()
def record(section: Section, on: On, count: Count) -> None:
    """Write how many calls a section received on a day; written again, the last count of a day holds."""
    city = load_city()
    record_calls(campaign_engine(), city, section, on.date(), count, clock.now(), getpass.getuser())
    paper().print(f"{city.sections[section].name}の{on.date()}の電話を{count:,}件と記録しました。")
