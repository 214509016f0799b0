"""Start the emulator: `python -m sandbox.gateway --port 8090 --data DIR`.

Environment: `OSHIRASE_EMULATOR_TENANT`, `OSHIRASE_EMULATOR_TOKEN`, `OSHIRASE_EMULATOR_OUTCOMES`,
`OSHIRASE_EMULATOR_SENDER` (the sender's name in the inbox), `OSHIRASE_EMULATOR_FAULTS` (as `--faults`),
`OSHIRASE_SANDBOX_CLOCK` (see `sandbox.clock`).
"""

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from oshirase.adapters.redaction import install_redaction
from sandbox.gateway.app import GatewayApp, Settings
from sandbox.gateway.contract import ContractError
from sandbox.gateway.credentials import load_access
from sandbox.gateway.faults import FaultPlan, read_plan
from sandbox.gateway.lifecycle import OUTCOMES
from sandbox.gateway.server import ListenError, address_of, build_server, open_socket


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status, 1 when the address cannot be had."""
    options = read_options(arguments, os.environ)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    try:
        listener = open_socket(options.host, options.port)
    except ListenError as error:
        print(error, file=sys.stderr)
        return 1
    settings = read_settings(options, os.environ)
    app = GatewayApp(settings)
    print(banner(address_of(listener), settings), flush=True)
    try:
        build_server(app).run(sockets=[listener])
    finally:
        app.close()
    return 0


def read_options(arguments: Sequence[str] | None, environment: Mapping[str, str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m sandbox.gateway", description="Emulate the Karaden SMS API. Sends nothing.")
    parser.add_argument("--port", type=_port, default=8090, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="the inbox page needs no token: keep it on loopback")
    parser.add_argument("--data", type=Path, help="folder that keeps everything over a restart (default: memory only)")
    parser.add_argument("--outcomes", choices=OUTCOMES, help="what becomes of messages (default: realistic)")
    parser.add_argument("--faults", metavar="JSON", help="faults to begin with, as POST /emulator/faults takes them")
    options = parser.parse_args(arguments)
    options.outcomes = options.outcomes or environment.get("OSHIRASE_EMULATOR_OUTCOMES") or "realistic"
    if options.outcomes not in OUTCOMES:
        parser.error(f"OSHIRASE_EMULATOR_OUTCOMES must be one of {', '.join(OUTCOMES)}")
    try:
        options.faults = _read_faults(options.faults or environment.get("OSHIRASE_EMULATOR_FAULTS"))
    except ContractError as error:
        parser.error(f"--faults or OSHIRASE_EMULATOR_FAULTS: {error.errors}")
    return options


def read_settings(options: Namespace, environment: Mapping[str, str]) -> Settings:
    """Put the settings together, making the data folder where there is none."""
    if options.data is not None:
        options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    access = load_access(options.data, environment)
    sender = environment.get("OSHIRASE_EMULATOR_SENDER") or Settings.sender
    return Settings(data=options.data, access=access, outcomes=options.outcomes, sender=sender, faults=options.faults)


def banner(address: str, settings: Settings) -> str:
    """Say where the emulator is and what a client needs."""
    return (
        f"inbox   {address}/\napi     {address}/api\ntenant  {settings.access.tenant}\ntoken   {settings.access.token}"
    )


def _read_faults(text: str | None) -> FaultPlan:
    return read_plan(text) if text else FaultPlan()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 65535):
        raise ValueError
    return int(text)


def _leave(number: int, frame: FrameType | None) -> None:
    """End cleanly. The server takes the signal first, shuts down, and passes it on to this."""
    sys.exit(0)


if __name__ == "__main__":
    install_redaction()
    sys.exit(main())
