"""Inside a network namespace of its own: bring loopback up, see that there is nothing else, become another program."""

import fcntl
import os
import socket
import struct
import sys
from collections.abc import Sequence

# Linux, <net/if.h> and <bits/ioctls.h>; the flags of `struct ifreq` begin after the name.
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
IFREQ = struct.Struct("16sh14x")


class HasNetwork(Exception):
    """There is more than loopback."""


def main(command: Sequence[str]) -> int:
    """Become the command."""
    bring_up()
    check_closed()
    os.execvp(command[0], list(command))  # noqa: S606  # nosec B606
    return 1


def bring_up() -> None:
    """`ip link set lo up`, without `ip`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = fcntl.ioctl(any_socket, SIOCGIFFLAGS, IFREQ.pack(b"lo", 0))
        _, flags = IFREQ.unpack(asked)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, IFREQ.pack(b"lo", flags | IFF_UP))


def check_closed() -> None:
    """Raises HasNetwork: an interface besides loopback is there."""
    if others := [name for _, name in socket.if_nameindex() if name != "lo"]:
        raise HasNetwork(f"there are other interfaces: {', '.join(others)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
