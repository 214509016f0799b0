"""A movable clock and gateways over real HTTP."""

from collections.abc import Iterator

import pytest

from sandbox.gateway.app import Settings
from sandbox.gateway.testing import START, HandClock, RunningGateway, running_gateway


@pytest.fixture(scope="session")
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def shared_gateway(hand_clock: HandClock) -> Iterator[RunningGateway]:
    with running_gateway(Settings(outcomes="unconnected", clock=hand_clock)) as gateway:
        yield gateway


@pytest.fixture
def gateway(shared_gateway: RunningGateway, hand_clock: HandClock) -> RunningGateway:
    """An empty gateway at 9:00: a message leaves, is out of range at once, and is received six hours later."""
    hand_clock.moment = START
    shared_gateway.reset()
    return shared_gateway
