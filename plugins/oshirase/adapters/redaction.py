"""Redaction in a process: every log record, warning and uncaught exception, before any handler has seen it.

Airflow's structured logs take another way to their files: `oshirase.orchestration.redaction`.
"""

import logging
import os
import re
import sys
import threading
import traceback
from functools import cache
from types import TracebackType
from typing import Any

from oshirase.domain.redaction import REDACTED, Redactor
from oshirase.errors import BadSettings

SETTING = "OSHIRASE_ID_PATTERN"


@cache
def redactor() -> Redactor:
    """The process's redactor, with the city's own form of ids from $OSHIRASE_ID_PATTERN where that is set.

    Raises:
        BadSettings: the pattern is no regular expression.
    """
    pattern = os.environ.get(SETTING) or None
    try:
        return Redactor(pattern)
    except re.error as error:
        raise BadSettings(f"{SETTING} is not a regular expression: {error}") from error


@cache
def install_redaction() -> None:
    """Redact whatever this process logs from now on, of our own and of libraries, whichever handlers they bring.

    A record is redacted where it is made: a handler that is added or replaced later has no other. Once a process; its
    forks inherit it.
    """
    ours, made_before = redactor(), logging.getLogRecordFactory()

    def make_record(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = made_before(*arguments, **options)
        redact_record(record, ours)
        return record

    logging.setLogRecordFactory(make_record)
    logging.captureWarnings(capture=True)
    sys.excepthook = _report_uncaught
    threading.excepthook = _report_uncaught_in_thread
    sys.unraisablehook = _report_unraisable


def redact_record(record: logging.LogRecord, ours: Redactor) -> None:
    """Redact a record's message, traceback and stack; one with nothing to hide keeps its arguments.

    The traceback is written here, as formatters take one that is there already.
    """
    _redact_message(record, ours)
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = ours.redact("".join(traceback.format_exception(*record.exc_info)).rstrip("\n"))
    if record.stack_info:
        record.stack_info = ours.redact(record.stack_info)


def _redact_message(record: logging.LogRecord, ours: Redactor) -> None:
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):
        # Arguments that do not fit: logging will say so, and quote them.
        record.msg, record.args = ours.redact(f"{record.msg} {record.args}"), ()
        return
    redacted = ours.redact(message)
    if redacted == message:
        return
    if isinstance(record.args, tuple):
        # Formatters of their own, as uvicorn's of requests, read the arguments.
        record.args = tuple(ours.redact(one) if isinstance(one, str) else one for one in record.args)
        if record.getMessage() == redacted:
            return
    record.msg, record.args = redacted, ()


def _report_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None, where: str = ""
) -> None:
    """What Python writes on an uncaught exception, redacted."""
    if not issubclass(kind, SystemExit) and sys.stderr is not None:
        lines = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(redactor().redact(f"{where}{lines}"))


def _report_uncaught_in_thread(uncaught: threading.ExceptHookArgs) -> None:
    name = uncaught.thread.name if uncaught.thread else REDACTED
    _report_uncaught(uncaught.exc_type, uncaught.exc_value, uncaught.exc_traceback, f"Exception in thread {name}:\n")


def _report_unraisable(ignored: Any) -> None:
    where = f"{ignored.err_msg or 'Exception ignored in'}: {ignored.object!r}\n"
    _report_uncaught(ignored.exc_type, ignored.exc_value, ignored.exc_traceback, where)
