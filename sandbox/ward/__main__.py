"""`python -m sandbox.ward`: make a synthetic ward and load it into the records database."""

import argparse
import os
import sys
import time
from datetime import datetime

import psycopg

from oshirase.adapters.database import SETTING
from oshirase.adapters.redaction import install_redaction
from oshirase.errors import MissingSetting, OshiraseError
from sandbox.ward.load import LoadReport, load_ward, ward_digest
from sandbox.ward.spec import LARGEST, SMALLEST, BadWard, WardSpec


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        ward = WardSpec(options.seed, options.size, _moment(options.as_of))
        if options.digest_only:
            print(ward_digest(ward))
            return 0
        started = time.monotonic()
        report = load_ward(_url(options.database_url), ward, _show_progress if sys.stderr.isatty() else lambda _: None)
    except OshiraseError as error:
        print(error, file=sys.stderr)
        return 1
    except psycopg.Error as error:
        print(f"the records database refused the ward: {str(error).strip().splitlines()[0]}", file=sys.stderr)
        return 1
    _print(ward, report, time.monotonic() - started)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.ward", description=__doc__)
    parser.add_argument("--size", type=int, default=20_000, help=f"residents, {SMALLEST:,} to {LARGEST:,}")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another ward")
    parser.add_argument("--as-of", default="2026-10-02T09:00+09:00", help="what is recorded by then is loaded")
    parser.add_argument("--database-url", help=f"default: ${SETTING}")
    parser.add_argument("--digest-only", action="store_true", help="load nothing, print the SHA-256 of the ward")
    return parser


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadWard(f"as-of {text!r} is no time: write it like 2026-10-02T09:00+09:00") from None


def _url(given: str | None) -> str:
    url = given or os.environ.get(SETTING)
    if not url:
        raise MissingSetting(f"no database: give --database-url, or set {SETTING}")
    return url


def _show_progress(residents: int) -> None:
    print(f"\r{residents:,} residents", end="", file=sys.stderr, flush=True)


def _print(ward: WardSpec, report: LoadReport, seconds: float) -> None:
    done = f"loaded in {seconds:.1f} s" if report.is_new else "is there already: nothing changed"
    print(f"{ward.file_name} as of {ward.as_of.isoformat()} {done}")
    for table, rows in report.rows.items():
        print(f"  {table:<18}{rows:>12,}")
    print(f"  {'all':<18}{report.total:>12,}  sha256 {report.sha256[:16]}")


if __name__ == "__main__":
    install_redaction()
    sys.exit(main())
