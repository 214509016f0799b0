"""`oshirase` on the command line."""

import sys

import typer

from oshirase.adapters.database import create_records_engine, database_url
from oshirase.adapters.database import migrate as migrate_schema
from oshirase.errors import OshiraseError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Scheduled SMS reminder campaigns of a city.")


@app.callback()
def _commands() -> None:
    """Keep `oshirase migrate` a command of its own while it is the only one."""


@app.command()
def migrate() -> None:
    """Bring the schema of the records database up to date; does nothing when it is."""
    url = database_url()
    revision = migrate_schema(create_records_engine(url))
    print(f"the records database at {url.render_as_string(hide_password=True)} is at schema {revision}")


def main() -> None:
    """Run a command; an error that a person can mend is one sentence on stderr and exit status 1."""
    try:
        app()
    except OshiraseError as error:
        print(f"oshirase: {error}", file=sys.stderr)
        sys.exit(1)
