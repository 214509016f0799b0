"""`oshirase` on the command line: what a person wants to know before a run."""

import sys
from typing import NoReturn

import typer
from sqlalchemy.exc import DBAPIError

from oshirase.adapters.redaction import install_redaction
from oshirase.cli.audit import audit
from oshirase.cli.backfill import backfill
from oshirase.cli.calls import calls
from oshirase.cli.campaigns import campaigns
from oshirase.cli.check import check
from oshirase.cli.doctor import doctor
from oshirase.cli.gateway_inquiry import clear_found, reconcile_gateway
from oshirase.cli.migrate import migrate
from oshirase.cli.missed import missed
from oshirase.cli.person import person
from oshirase.cli.power import power
from oshirase.cli.preview import preview
from oshirase.cli.purge import purge
from oshirase.cli.report import report
from oshirase.cli.sending_lock import lock_sending, unlock_sending
from oshirase.cli.watch import watch
from oshirase.domain.calendar import UnknownYear
from oshirase.errors import OshiraseError

# No traceback of Typer's own: it would print variables, and with them telephone numbers.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Scheduled SMS reminder campaigns of a city.",
)
app.command()(campaigns)
app.command()(check)
app.command()(preview)
app.command()(missed)
app.command()(backfill)
app.command()(report)
app.command()(power)
app.add_typer(calls, name="calls")
app.add_typer(audit, name="audit")
app.add_typer(person, name="person")
app.command()(purge)
app.command()(doctor)
app.command()(watch)
app.command()(migrate)
app.command()(lock_sending)
app.command()(reconcile_gateway)
app.command()(clear_found)
app.command()(unlock_sending)


def command() -> None:
    """What the installed `oshirase` starts: `main` in a process whose logs are redacted."""
    try:
        install_redaction()
    except OshiraseError as error:
        _fail(str(error))
    main()


def main() -> None:
    """Run a command; an error that a person can mend is one sentence on stderr and exit status 1."""
    try:
        app()
    except (OshiraseError, UnknownYear) as error:
        _fail(str(error))
    except DBAPIError as error:
        # Its own words may quote a row.
        _fail(f"the records database reports {type(error.orig).__name__}: run `oshirase doctor`")


def _fail(sentence: str) -> NoReturn:
    print(f"oshirase: {sentence}", file=sys.stderr)
    sys.exit(1)
