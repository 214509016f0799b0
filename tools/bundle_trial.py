"""`make test-bundle`: the archive on a machine without internet, as far as one machine can be another.

Unpacks it into an empty folder, changes one byte of one wheel (the installation has to refuse), mends it, and plays
`make demo` in a network namespace of its own in which there is loopback and nothing else, with empty caches.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

from tools.bundle import WHEELS, find_damage
from tools.lock import ROOT
from tools.sbom import version

# What may stay of the environment: nothing that names a registry, a proxy or a cache.
KEPT = ("PATH", "LANG", "LC_ALL", "TZ")
INSIDE = "import sys; from tools.loopback import main; sys.exit(main(sys.argv[1:]))"


class NotTried(Exception):
    """Networks cannot be taken away here."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 when the demo's proof held without a network, 2 when that could not be tried."""
    parser = ArgumentParser(prog="python -m tools.bundle_trial", description="Try the archive without a network.")
    parser.add_argument("--archive", type=Path, default=ROOT / "build" / f"oshirase-{version()}.tar.gz")
    parser.add_argument("--size", default="2000", help="residents of the demo (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    options = parser.parse_args(arguments)
    folder = Path(mkdtemp(prefix="oshirase-closed-"))
    folder.chmod(0o755)
    try:
        unshare = without_network()
        top = unpack(options.archive, folder)
        problem = try_it(top, unshare, options.size)
    except NotTried as error:
        print(f"************ NOT TRIED: {error}", file=sys.stderr)
        return 2
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(problem or "the archive installs and plays without a network, and refuses a damaged wheel")
    return 1 if problem else 0


def without_network() -> list[str]:
    """The command that takes every network away from what follows it.

    Raises:
        NotTried: neither root nor user namespaces allow it.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        raise NotTried("there is no unshare(1)")
    for command in ([unshare, "--net"], [unshare, "--user", "--map-root-user", "--net"]):
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    raise NotTried("this needs root, or a kernel that allows user namespaces (unshare --user --net)")


def unpack(archive: Path, folder: Path) -> Path:
    """The archive's one folder, unpacked."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


def try_it(top: Path, unshare: Sequence[str], size: str) -> str:
    """What went wrong; empty when all went as it should."""
    if damaged := find_damage(top):
        return f"SHA256SUMS does not hold: {', '.join(damaged[:5])}"
    (wheel,) = (top / WHEELS).glob("pydantic-*.whl")
    intact = wheel.read_bytes()
    wheel.write_bytes(change_a_byte(intact))
    if find_damage(top) != [f"{WHEELS}/{wheel.name}"]:
        return "SHA256SUMS does not show the damaged wheel"
    refused = run(top, unshare, "install")
    wheel.write_bytes(intact)
    if refused.returncode == 0 or "pydantic" not in refused.stdout:
        return f"a damaged {wheel.name} was installed, or refused for another reason:\n{refused.stdout[-2000:]}"
    played = run(top, unshare, "demo", f"SIZE={size}")
    if played.returncode:
        return f"`make demo` failed without a network:\n{played.stdout[-4000:]}"
    print(played.stdout[-1500:])
    return ""


def change_a_byte(content: bytes) -> bytes:
    """The same with one bit of the byte in its middle turned."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def run(top: Path, unshare: Sequence[str], *targets: str) -> subprocess.CompletedProcess[str]:
    """`make` in the unpacked folder, without a network and without anything that a cache could give."""
    home = top.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name in KEPT}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PYTHONPATH": str(ROOT)}
    inside = [*unshare, sys.executable, "-c", INSIDE, "env", "--unset=PYTHONPATH", "make", *targets]
    # Not the virtual environment of this checkout: the Python that made it.
    inside.append(f"PYTHON={Path(sys.base_prefix) / 'bin' / f'python{sys.version_info[0]}.{sys.version_info[1]}'}")
    return subprocess.run(
        inside, cwd=top, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
