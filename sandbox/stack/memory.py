"""What a running environment leaves in its folder, so that another program can join it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from sandbox.stack.credentials import write_private
from sandbox.stack.environment import DatabaseUrls
from sandbox.stack.errors import StackError
from sandbox.stack.folder import DataFolder, owner
from sandbox.stack.ports import Ports


@contextmanager
def remembered(folder: DataFolder, ports: Ports, databases: DatabaseUrls) -> Iterator[None]:
    """Keep addresses and database URLs in a file of the folder until the block ends."""
    write_private(folder.addresses, json.dumps({"ports": asdict(ports), "databases": asdict(databases)}))
    try:
        yield
    finally:
        folder.addresses.unlink(missing_ok=True)


def join(folder: DataFolder) -> tuple[Ports, DatabaseUrls]:
    """Where the folder's environment is.

    Raises:
        StackError: none runs there.
    """
    if owner(folder) is None or not folder.addresses.exists():
        raise StackError(f"no environment runs in {folder.path}: start one with `make up`")
    known = json.loads(folder.addresses.read_text(encoding="utf-8"))
    return Ports(**known["ports"]), DatabaseUrls(**known["databases"])
