"""`make advance`: `python -m sandbox.demo.advance 6h` moves the time of the environment that `make up` left running."""

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import timedelta

from oshirase.adapters.redaction import install_redaction
from oshirase.errors import OshiraseError
from sandbox import clock
from sandbox.demo.days import Days
from sandbox.demo.ledger import Ledger
from sandbox.stack.commands import FOLDER
from sandbox.stack.folder import data_folder
from sandbox.stack.own_clock import moved_clock
from sandbox.stack.progress import shown_progress
from sandbox.stack.residents import residents_of
from sandbox.stack.running import joined_stack

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
INTERRUPTED = 130
WHY = "納付等の取込み・照合・送達結果 / payments arrive, reconciliation, receipts"


def main(arguments: Sequence[str] | None = None) -> int:
    """Advance; an error that a person can mend is one sentence on stderr and exit status 1."""
    parser = ArgumentParser(prog="python -m sandbox.demo.advance", description="Move the sandbox's time forwards.")
    parser.add_argument("by", type=duration, help="30m, 6h or 2d")
    options = parser.parse_args(arguments)
    try:
        advance(options.by)
    except (OshiraseError, OSError) as error:
        print(f"oshirase: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def duration(text: str) -> timedelta:
    """A length of time such as 30m, 6h or 2d. Raises ArgumentTypeError."""
    match = re.fullmatch(r"(\d{1,4})([mhd])", text)
    if not match:
        raise ArgumentTypeError(f"{text!r} is no length of time: write 30m, 6h or 2d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def advance(by: timedelta) -> None:
    """Let that much time pass in the running environment, stopping as often as its bookings need it."""
    stack = joined_stack(data_folder(FOLDER))
    ledger = Ledger(stack.database_url)
    with shown_progress() as progress, moved_clock(stack.folder):
        days = Days(stack, residents_of(stack.database_url, stack.folder.extracts), ledger, progress.tell)
        until = clock.now() + by
        for stop in days.stops(until):
            days.pass_until(stop, WHY)
            days.keep_up()
        days.pass_until(until, WHY)
        days.keep_up(at_last=True)


if __name__ == "__main__":
    install_redaction()
    sys.exit(main())
