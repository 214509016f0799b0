"""The one place that production code takes the time from."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib import import_module

from oshirase.errors import MissingSetting

Clock = Callable[[], datetime]
SETTING = "OSHIRASE_CLOCK"


def system_clock() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


@cache
def _load(spec: str) -> Clock:
    module, _, name = spec.partition(":")
    try:
        clock: Clock = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise MissingSetting(
            f"{SETTING}={spec!r} names no function as module:function; unset it to use the system's clock"
        ) from error
    return clock


def now() -> datetime:
    """The present, aware: the system's clock, or the one that $OSHIRASE_CLOCK names as `module:function`."""
    spec = os.environ.get(SETTING)
    return _load(spec)() if spec else system_clock()
