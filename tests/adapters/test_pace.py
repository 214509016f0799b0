"""One pace over several processes: the rate, the gateway's own delays, the calls in flight."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from oshirase.adapters.pace import AHEAD_SECONDS, TOLERANCE_SECONDS, Limits, Pace
from oshirase.domain.gateway import Busy
from tests.adapters.callers import hammer, hold, recorder, take_permits, work
from tests.processes import end, start


def address_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def wait_for(condition: object, seconds: float = 10) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(("rate", "processes"), [(10, 4), (60, 3)])
def test_no_second_sees_more_calls_than_the_limit(engine: Engine, rate: int, processes: int) -> None:
    limits = Limits(rate, 4)
    with recorder() as noted:
        for caller in [start(hammer, address_of(engine), noted.address, limits, 2.2, 2) for _ in range(processes)]:
            assert end(caller) == 0
    assert noted.most_in_a_second() <= rate
    # And it is used: not a pause either.
    assert len(noted.begun) > 1.2 * rate


@pytest.mark.parametrize("rate", [8, 40])
def test_a_delay_that_one_process_meets_is_obeyed_by_all(engine: Engine, rate: int) -> None:
    with recorder() as noted:
        callers = [start(hammer, address_of(engine), noted.address, Limits(rate, 4), 1.5, 2) for _ in range(3)]
        wait_for(lambda: len(noted.begun) > 4)
        asked_at = time.time()
        Pace(engine, "karaden", rate, 1).block(timedelta(seconds=1))
        known_at = time.time()
        for caller in callers:
            assert end(caller) == 0
    on_the_way = AHEAD_SECONDS + 2 * TOLERANCE_SECONDS
    early = [at - known_at for at in noted.begun if known_at + on_the_way < at < asked_at + 1]
    assert early == []
    assert max(noted.begun) > asked_at + 1


def test_calls_in_flight_stay_within_the_permits(engine: Engine) -> None:
    with recorder() as noted:
        for caller in [start(work, address_of(engine), noted.address, Limits(1_000, 4), 0.4) for _ in range(4)]:
            assert end(caller) == 0
    assert 2 <= noted.most_at_once() <= 4
    assert len(noted.begun) > 20


def test_a_killed_process_gives_its_permits_back(engine: Engine) -> None:
    with recorder() as noted:
        holder = start(hold, address_of(engine), noted.address, Limits(100, 2))
        wait_for(lambda: noted.begun)
        assert take_permits(engine, Limits(100, 2)) == 1
        second = start(hold, address_of(engine), noted.address, Limits(100, 2))
        wait_for(lambda: len(noted.begun) == 2)
        for process in (holder, second):
            process.kill()
            assert end(process) == -9
    assert take_permits(engine, Limits(100, 2)) == 1


def test_nobody_sits_and_waits_for_longer_than_a_minute(engine: Engine) -> None:
    pace = Pace(engine, "karaden", 20, 1)
    pace.block(timedelta(seconds=90))
    started = time.monotonic()
    with pytest.raises(Busy) as busy:
        pace.wait()
    assert time.monotonic() - started < 1
    assert busy.value.retry_after is not None
    assert timedelta(seconds=60) < busy.value.retry_after <= timedelta(seconds=91)
