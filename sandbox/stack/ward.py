"""`python -m sandbox.stack.ward`: the synthetic ward and its time, for an Oshirase that runs somewhere else already.

Environment: `OSHIRASE_DATABASE_URL`, `OSHIRASE_EXTRACT_FOLDER`, `OSHIRASE_SANDBOX_CLOCK`.
Run again, it changes nothing.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from oshirase.adapters import drop_folder
from oshirase.adapters.database import database_url
from oshirase.domain.calendar import JST
from oshirase.errors import MissingSetting, OshiraseError
from sandbox import clock
from sandbox.stack.own_clock import start_clock
from sandbox.stack.residents import load_residents
from sandbox.stack.scene import KNOWN_AT, KNOWN_FIRST_AT, OCCURRENCE, SEED, SIZE
from sandbox.ward import WardSpec


def main(arguments: Sequence[str] | None = None) -> int:
    """Begin the time and load the ward; an error that a person can mend is one sentence on stderr and exit status 1."""
    parser = ArgumentParser(prog="python -m sandbox.stack.ward", description="The synthetic ward and its time.")
    parser.add_argument("--size", type=int, default=SIZE, help="residents (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        begin(WardSpec(SEED, options.size, KNOWN_AT))
    except (OshiraseError, OSError) as error:
        print(f"oshirase: {error}", file=sys.stderr)
        return 1
    return 0


def begin(ward: WardSpec) -> None:
    """The clock at the story's beginning, unless it runs already, and the ward's extracts written and loaded.

    Raises:
        MissingSetting: a variable is not set.
        StackError: another ward is there, or its extracts were refused.
    """
    # Airflow's timetables stand still there: whoever triggers the run by hand need not wait for its time.
    start_clock(Path(_setting(clock.VARIABLE)), OCCURRENCE)
    url = database_url().render_as_string(hide_password=False)
    folder = Path(_setting(drop_folder.SETTING))
    residents = load_residents(url, ward, folder, known_first_at=KNOWN_FIRST_AT)
    now = f"{clock.now().astimezone(JST):%Y-%m-%d %H:%M}"
    print(
        f"a ward of {residents.ward.size:,} residents, known until {residents.known_until.astimezone(JST)}; it is {now}"
    )


def _setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise MissingSetting(f"{name} is not set")
    return value


if __name__ == "__main__":
    sys.exit(main())
