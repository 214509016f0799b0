"""What redaction costs: log lines written to a file with it, and the same lines without, taking turns."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measurement import Lap, Result, of_laps, timed
from oshirase.adapters.redaction import redact_record, redactor

LINES = 20_000
# What a run logs most: a line of ours, a request by a library, a statement with its parameters; one of them to hide.
MESSAGES: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("batch %d of campaign run %s: %d handed over", (3, "0190a1b2-0123-7456-8901-123456789012", 100)),
    ('%s://%s:%s "%s %s %s" %s %s', ("https", "gateway.example", 443, "POST", "/api/messages", "HTTP/1.1", 200, 1234)),
    ("[generated in %.5fs] %s", (0.00041, {"run_id": "0190a1b2-0123-7456-8901-123456789012", "to": "+819012345678"})),
)


def measure_logs(laps: int) -> list[Result]:
    """Lines a second through a logger with a file behind it."""
    with TemporaryDirectory(prefix="oshirase-bench-") as folder, file_logger(Path(folder) / "lines.log") as logger:
        ways: dict[str, Callable[[logging.LogRecord], bool]] = {
            "log lines": lambda record: True,
            "log lines, redacted": _redacted,
        }
        taken: dict[str, list[Lap]] = {name: [] for name in ways}
        for _ in range(laps + 1):
            for name, way in ways.items():
                taken[name].append(write_lines(logger, way))
    plain, redacted = ways
    # The first lap of each warms up.
    peer = of_laps(plain, LINES, taken[plain][1:])
    return [peer, of_laps(redacted, LINES, taken[redacted][1:], peer=peer)]


def write_lines(logger: logging.Logger, way: Callable[[logging.LogRecord], bool]) -> Lap:
    """Time the lines, each record given to `way` first."""
    logger.addFilter(way)
    with timed() as lap:
        for number in range(LINES):
            message, arguments = MESSAGES[number % len(MESSAGES)]
            logger.info(message, *arguments)
    logger.removeFilter(way)
    return lap


@contextmanager
def file_logger(path: Path) -> Iterator[logging.Logger]:
    """A logger that writes to a file alone."""
    logger, handler = logging.getLogger("bench"), logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)
    handler.close()


def _redacted(record: logging.LogRecord) -> bool:
    redact_record(record, redactor())
    return True
