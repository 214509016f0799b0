"""What the commands print: tables for people, one JSON object for programs."""

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from oshirase.domain.calendar import JST, WEEKDAYS, moment_in_words

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for programs.")]
# In a pipe or a file, where nothing says how wide a line may be.
WIDTH = 100


def paper() -> Console:
    """Where tables go. What is printed stays as it is: nothing in it is markup."""
    width = None if sys.stdout.isatty() else WIDTH
    return Console(width=width, markup=False, emoji=False, highlight=False)


def table(title: str, columns: Mapping[str, str], rows: Iterable[Iterable[str]]) -> Table:
    """A table; `columns` by heading: "left", "right" (numbers), or "whole" where no line may break."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, kind in columns.items():
        made.add_column(
            heading, justify="right" if kind == "right" else "left", overflow="fold", no_wrap=kind != "left"
        )
    for row in rows:
        made.add_row(*row)
    return made


def print_json(content: Mapping[str, Any]) -> None:
    """The content as JSON; moments with JST's offset."""
    print(json.dumps(content, ensure_ascii=False, indent=2, default=_written))


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(JST).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def day_in_words(moment: datetime) -> str:
    """As in 2026-10-02（金）."""
    day = moment.astimezone(JST).date()
    return f"{day}（{WEEKDAYS[day.weekday()]}）"


def in_words(moment: datetime | None) -> str:
    """As in 2026年10月2日（金）10:00."""
    return f"{moment.astimezone(JST).year}年{moment_in_words(moment)}" if moment else "―"
