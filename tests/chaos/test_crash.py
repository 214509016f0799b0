"""Senders killed at every step of claim, call and record: nobody gets anything twice, and nothing is lost."""

import os
import random

import pytest

from tests.chaos.ordeal import LIVES, Death, Ordeal, outlive, random_deaths, random_faults
from tests.chaos.sender import BOUNDARIES

# `make chaos` sets it to 1,000.
INSTANTS = int(os.environ.get("OSHIRASE_CHAOS", "15"))
FIRST_SEED = int(os.environ.get("OSHIRASE_CHAOS_SEED", "1"))
AT_ONCE = (1, 2, 4)


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_at_a_boundary(ordeal: Ordeal, boundary: str, nth: int) -> None:
    assert ordeal.send(Death(boundary, nth)) == [-9]
    outlive(ordeal, [LIVES])


@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_all_killed_at_a_boundary_on_one_batch(ordeal: Ordeal, boundary: str, workers: int) -> None:
    outlive(ordeal, [Death(boundary)] * workers)


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + INSTANTS))
def test_killed_at_a_random_instant(ordeal: Ordeal, run_seconds: float, seed: int) -> None:
    chance = random.Random(seed)
    ordeal.set_faults(seed, random_faults(chance))
    outlive(ordeal, random_deaths(chance, AT_ONCE[seed % len(AT_ONCE)], run_seconds))
