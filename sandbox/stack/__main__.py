"""`make up` and `make down`: `python -m sandbox.stack up|down`."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from oshirase.adapters.redaction import install_redaction
from oshirase.errors import OshiraseError
from sandbox.stack.commands import leave_running, take_down
from sandbox.stack.ports import INBOX_PORT, UI_PORT
from sandbox.stack.scene import SIZE

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; an error that a person can mend is one sentence on stderr and exit status 1."""
    options = read_options(arguments)
    try:
        run(options)
    except (OshiraseError, OSError) as error:
        print(f"oshirase: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def run(options: Namespace) -> None:
    """Do what the command line asks for."""
    match options.command:
        case "up":
            leave_running(options.ui_port, options.inbox_port, options.size)
        case "down":
            take_down()


def read_options(arguments: Sequence[str] | None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m sandbox.stack", description="A whole Oshirase on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything and leave it running until Ctrl-C")
    up.add_argument("--ui-port", type=int, default=UI_PORT, help="Airflow (default: %(default)s)")
    up.add_argument("--inbox-port", type=int, default=INBOX_PORT, help="inbox of the telephones (default: %(default)s)")
    up.add_argument("--size", type=int, default=SIZE, help="residents (default: %(default)s)")
    commands.add_parser("down", help="stop what `up` started")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    install_redaction()
    sys.exit(main())
