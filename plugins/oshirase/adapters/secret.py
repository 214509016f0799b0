"""The key of all keyed hashes: digests, arms."""

import os

from oshirase.errors import MissingSetting

SETTING = "OSHIRASE_SECRET_KEY"
SHORTEST = 32


def secret_key() -> bytes:
    """The city's secret key, from $OSHIRASE_SECRET_KEY.

    Raises:
        MissingSetting: not set, or shorter than 32 characters.
    """
    key = os.environ.get(SETTING, "")
    if len(key) < SHORTEST:
        raise MissingSetting(f"{SETTING} must hold a random text of {SHORTEST} characters or more, kept for ever")
    return key.encode()
