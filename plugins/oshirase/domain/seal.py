"""Seals: keyed hashes that chain ranges of the ledger's rows, so that a row changed afterwards shows."""

import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Self

from oshirase.errors import OshiraseError

# Before the first seal there is no hash to chain to.
BEGINNING = bytes(32)
# Apart from every other use of the city's key.
_ROWS, _SEAL = b"oshirase/seal/rows\n", b"oshirase/seal/chain\n"


class BadHead(OshiraseError):
    """What was kept elsewhere is not written as a head is."""


@dataclass(frozen=True)
class Head:
    """The newest seal at some time, kept outside the database: what was sealed then cannot be cut off unseen."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        """As in 42:9f86d0…, all 64 digits."""
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def read(cls, written: str) -> Self:
        """A head as it was printed.

        Raises:
            BadHead: it is no number with 64 hexadecimal digits.
        """
        if not (found := re.fullmatch(r"([1-9]\d{0,17}):([0-9a-f]{64})", written.strip().lower())):
            raise BadHead(f"{written!r} is no head of the seals: write SEQ:HASH, as `oshirase audit verify` prints it")
        return cls(int(found[1]), bytes.fromhex(found[2]))


@dataclass(frozen=True)
class Seal:
    """One link of the chain: the rows of a table with ids `from_id` to `to_id`, both included."""

    seq: int
    table_name: str
    form: int
    from_id: int
    to_id: int
    rows_count: int
    rows_hash: bytes
    sealed_at: datetime
    sealed_by: str
    hash: bytes = b""

    @property
    def head(self) -> Head:
        """What to keep of it elsewhere."""
        return Head(self.seq, self.hash)

    def chained(self, key: bytes, previous: bytes) -> bytes:
        """The hash that this seal has behind the one with the hash `previous`, 32 bytes."""
        said = [
            previous.hex(),
            *(self.seq, self.table_name, self.form, self.from_id, self.to_id, self.rows_count, self.rows_hash.hex()),
            *(self.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"), self.sealed_by),
        ]
        return hmac.new(key, _SEAL + json.dumps(said).encode(), sha256).digest()

    def fits(self, key: bytes, previous: bytes) -> bool:
        """Whether it was made with the key, behind that seal, and says what it said then."""
        return hmac.compare_digest(self.hash, self.chained(key, previous))


def hash_rows(key: bytes, lines: str) -> bytes:
    """Of rows in their canonical form, a line each in the order of their ids; 32 bytes."""
    return hmac.new(key, _ROWS + lines.encode(), sha256).digest()
