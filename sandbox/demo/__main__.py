"""`make demo`: `python -m sandbox.demo [--size N] [--seed N]`. Exit status 0 only when the proof stands."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from oshirase.adapters.redaction import install_redaction
from oshirase.errors import OshiraseError
from sandbox.demo.playbill import list_plays
from sandbox.demo.proof import Summary, faults
from sandbox.demo.story import Story
from sandbox.demo.telling import proof_table, story_table
from sandbox.stack import Stack, running_stack
from sandbox.stack.folder import REPOSITORY, data_folder
from sandbox.stack.progress import Progress, new_console, shown_progress
from sandbox.stack.residents import load_residents
from sandbox.stack.scene import DAGS, KNOWN_AT, KNOWN_FIRST_AT, OPENS_AT, SEED, SIZE
from sandbox.ward import WardSpec

SUMMARY = REPOSITORY / "build" / "demo" / "summary.json"
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the demo; an error that a person can mend is one sentence on stderr and exit status 1."""
    options = read_options(arguments)
    console = new_console()
    try:
        summary, found = play(WardSpec(options.seed, options.size, KNOWN_AT), console)
    except (OshiraseError, OSError) as error:
        print(f"oshirase: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("oshirase: interrupted; nothing is left running", file=sys.stderr)
        return INTERRUPTED
    show(console, summary, found)
    return 1 if found else 0


def play(ward: WardSpec, console: Console) -> tuple[Summary, list[str]]:
    """The whole demo in a stack of its own: the summary, and everything that does not hold."""
    with (
        shown_progress(console) as progress,
        running_stack(data_folder("demo"), starts_at=OPENS_AT, tell=progress.tell) as stack,
    ):
        story = _begin(stack, ward, progress)
        summary = story.play()
    summary = replace(summary, seconds=round(progress.seconds, 1))
    summary.write(SUMMARY)
    return summary, list(faults(summary, was_over=story.was_over))


def _begin(stack: Stack, ward: WardSpec, progress: Progress) -> Story:
    progress.tell(f"住民 / a synthetic ward of {ward.size:,} residents")
    residents = load_residents(stack.database_url, ward, stack.folder.extracts, known_first_at=KNOWN_FIRST_AT)
    progress.tell("Airflow becomes ready and reads the DAGs")
    stack.wait_for_airflow(DAGS)
    for dag_id in DAGS:
        stack.airflow.unpause(dag_id)
    return Story(stack, residents, progress, list_plays(OPENS_AT))


def show(console: Console, summary: Summary, found: Sequence[str]) -> None:
    """The tables, and the verdict."""
    console.print(story_table(summary), "", proof_table(summary), "")
    for fault in found:
        console.print(f"[red]✗[/red] {fault}", highlight=False)
    if not found:
        console.print("[green]✓[/green] 二度届いた方も、納付・受診の確認後に届いた方もいません / the proof stands")
    console.print(f"{summary.seconds:.0f} s, {SUMMARY.relative_to(REPOSITORY)}", highlight=False)


def read_options(arguments: Sequence[str] | None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        prog="python -m sandbox.demo", description="All campaigns from the records to the receipts."
    )
    parser.add_argument("--size", type=int, default=SIZE, help="residents (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="another ward of the same size (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    install_redaction()
    sys.exit(main())
