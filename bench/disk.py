"""What a message costs on disk: `python -m bench.disk` plans, hands over and delivers a run, and weighs each table.

Bytes with indexes and TOAST. What autovacuum reclaims later is in it: a server that never rests needs so much.
"""

from argparse import ArgumentParser
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from sqlalchemy import Row, text

from bench.receipts import TakingAll, apply, hand_over_to, list_pages
from bench.stage import Stage, open_stage

SIZES = """
select c.relname, pg_total_relation_size(c.oid) as bytes, greatest(c.reltuples, 0)::bigint as rows
from pg_class as c
where c.relnamespace = 'ledger'::regnamespace and c.relkind in ('r', 'p') and pg_total_relation_size(c.oid) > 1e6
order by 2 desc
"""


def main() -> None:
    """The command line."""
    parser = ArgumentParser(prog="python -m bench.disk", description=__doc__)
    parser.add_argument("--n", type=int, default=20_000, help="messages (default: %(default)s)")
    options = parser.parse_args()
    with open_stage() as stage:
        show(weigh(stage, options.n), options.n)


def weigh(stage: Stage, n: int) -> Sequence[Row[tuple[str, int, int]]]:
    """Every table of the ledger of more than a megabyte, after a run of so many messages that have all arrived."""
    run = stage.approved_run(n)
    hand_over_to(TakingAll(), stage, run)  # type: ignore[arg-type]
    apply(stage, *list_pages(stage, run))
    with stage.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))
        return connection.execute(text(SIZES)).all()


def show(tables: Sequence[Row[tuple[str, int, int]]], n: int) -> None:
    """Print what each table holds of a message."""
    table = Table(title=f"The ledger on disk, {n:,} messages delivered")
    for column in ("table", "rows a message", "bytes a row", "bytes a message"):
        table.add_column(column, justify="left" if column == "table" else "right")
    for name, size, rows in tables:
        table.add_row(name, f"{rows / n:.2f}", f"{size / max(rows, 1):,.0f}", f"{size / n:,.0f}")
    table.add_row("all", "", "", f"{sum(size for _, size, _ in tables) / n:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
