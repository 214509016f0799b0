"""One archive that installs on a machine without internet: `make bundle`.

build/oshirase-VERSION.tar.gz holds, in one folder: the committed tree, `wheels/` for everything that the locks pin on
this Python and platform, `images/` (`docker save`) when a Docker engine is at hand, `INSTALL.txt`, and `SHA256SUMS` of
every other file. The Makefile installs from `wheels/` alone where there is one, by the hashes of the locks.
"""

import gzip
import hashlib
import io
import platform
import shutil
import subprocess
import sys
import tarfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.lock import ROOT, Pin, read_lock
from tools.sbom import version

LOCKS = ("requirements-bootstrap.lock", "requirements-dev.lock")
SUMS, NOTE, WHEELS, IMAGES, MADE_FOR = "SHA256SUMS", "INSTALL.txt", "wheels", "images", "wheels/MADE_FOR"
BASE_IMAGES = ("apache/airflow:3.3.2-python3.12", "postgres:18", "redis:8")
OUR_IMAGES = ("oshirase-product", "oshirase-sandbox")
INSTALL = """Oshirase {version}, revision {revision}, for a machine without internet.

Made for Python {made_for}: the machine needs that Python with its venv package, and make.

  sha256sum --check --quiet SHA256SUMS     that nothing was damaged on the way
  make install                             into .venv, from wheels/ alone, by the hashes of the locks
  make demo                                plays a week of campaigns; needs no network
  make up                                  leaves it running

{images}
In containers: docs/deployment.md. The browser of `make test-browser` is not in this archive.
"""


class CannotBundle(Exception):
    """The archive cannot be made; says why."""


@dataclass(frozen=True)
class Images:
    """Images that were saved, those that the engine does not have, and whether there is an engine."""

    saved: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    has_engine: bool = True

    def __str__(self) -> str:
        if not self.has_engine:
            return "No image is in it: no Docker engine was at hand when it was made.\n"
        lines = [f"  docker load --input {IMAGES}/{file_of(name)}" for name in self.saved]
        without = f"The engine did not have: {', '.join(self.missing)}.\n" if self.missing else ""
        return "\n".join(["Images:" if lines else "No image is in it.", *lines, without])


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the archive; say what is in it and what is not."""
    parser = ArgumentParser(prog="python -m tools.bundle", description="Make the archive for a closed network.")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / f"oshirase-{version()}.tar.gz")
    parser.add_argument("--without-images", action="store_true")
    options = parser.parse_args(arguments)
    try:
        with TemporaryDirectory(prefix="oshirase-bundle-") as folder:
            top = Path(folder) / f"oshirase-{version()}"
            write_tree(ROOT, top)
            built = collect_wheels(top)
            images = Images(has_engine=False) if options.without_images else save_images(top / IMAGES)
            write_note(top, images)
            write_sums(top)
            pack(top, options.to)
    except CannotBundle as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    _tell(options.to, built, images)
    return 0


def write_tree(repository: Path, top: Path) -> None:
    """What is committed, and nothing else: no .env, no data, no change that nobody has looked at."""
    if _run("git", "status", "--porcelain", "--untracked-files=no", cwd=repository):
        print("bundle: what is changed and not committed is NOT in the archive", file=sys.stderr)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=repository, capture_output=True, check=True).stdout  # noqa: S607  # nosec B607
    with tarfile.open(fileobj=io.BytesIO(archive)) as tree:
        tree.extractall(top, filter="data")


def collect_wheels(top: Path) -> list[str]:
    """Fetch all that the tree's locks pin here, by their hashes; build what has no wheel and add its hash to the locks.

    Returns:
        The files that were built.
    """
    wheels = top / WHEELS
    for lock in LOCKS:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
                *("--require-hashes", "--dest", str(wheels), "--requirement", str(top / lock)),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ended.returncode:
            raise CannotBundle(f"what {lock} pins cannot be fetched: {ended.stderr.strip().splitlines()[-1]}")
    built = [build_wheel(source, wheels) for source in sorted([*wheels.glob("*.tar.gz"), *wheels.glob("*.zip")])]
    for wheel in built:
        for lock in LOCKS:
            add_hash(top / lock, wheel)
    check_wheels(top)
    (top / MADE_FOR).write_text(made_for() + "\n", encoding="utf-8")
    return [wheel.name for wheel in built]


def build_wheel(source: Path, wheels: Path) -> Path:
    """Make a wheel of a source, which is taken out: it would need its builders on the other side."""
    before = set(wheels.glob("*.whl"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(source)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    made = sorted(set(wheels.glob("*.whl")) - before)
    if ended.returncode or len(made) != 1:
        raise CannotBundle(f"no wheel could be built of {source.name}")
    source.unlink()
    return made[0]


def add_hash(lock: Path, wheel: Path) -> None:
    """Let the lock accept a wheel that was built here; a lock that does not pin it stays as it is."""
    name, number = wheel.name.split("-")[:2]
    head = f"{name.replace('_', '-').lower()}=={number}"
    lines = lock.read_text(encoding="utf-8").split("\n")
    for index, line in enumerate(lines):
        if line.split(" ")[0] == head:
            lines.insert(index + 1, f"    --hash=sha256:{digest(wheel)} \\")
            lock.write_text("\n".join(lines), encoding="utf-8")
            return


def check_wheels(top: Path) -> None:
    """Hold the wheels against the locks.

    Raises:
        CannotBundle: a pin of this platform has no wheel with one of its hashes.
    """
    there = {digest(path) for path in (top / WHEELS).glob("*.whl")}
    pins: list[Pin] = [pin for lock in LOCKS for pin in read_lock(top / lock) if pin.applies()]
    if lacking := [f"{pin.name}=={pin.version}" for pin in pins if not there & set(pin.sha256)]:
        raise CannotBundle(f"no wheel with a hash of the locks for {', '.join(lacking)}")


def save_images(folder: Path) -> Images:
    """`docker save` of every image of docker-compose.yaml that the engine has."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        return Images(has_engine=False)
    folder.mkdir()
    wanted = (*BASE_IMAGES, *(f"{name}:{version()}" for name in OUR_IMAGES))
    there = tuple(name for name in wanted if not _fails(docker, "image", "inspect", name))
    for name in there:
        if _fails(docker, "save", "--output", str(folder / file_of(name)), name):
            raise CannotBundle(f"docker could not save {name}")
    return Images(there, tuple(name for name in wanted if name not in there))


def file_of(image: str) -> str:
    """The name of an image's file."""
    return image.replace("/", "_").replace(":", "_") + ".tar"


def write_note(top: Path, images: Images) -> None:
    """What the person on the other side needs to know."""
    revision = _run("git", "rev-parse", "--short=12", "HEAD", cwd=ROOT)
    told = INSTALL.format(version=version(), revision=revision, made_for=made_for(), images=images)
    (top / NOTE).write_text(told, encoding="utf-8")


def write_sums(top: Path) -> None:
    """SHA-256 of every file, as `sha256sum --check` reads it."""
    lines = [f"{digest(path)}  {path.relative_to(top)}\n" for path in _files(top) if path != top / SUMS]
    (top / SUMS).write_text("".join(lines), encoding="utf-8")


def find_damage(top: Path) -> list[str]:
    """Files that are not what SHA256SUMS says, that are missing, or that it does not name."""
    lines = (line.split("  ", 1) for line in (top / SUMS).read_text(encoding="utf-8").splitlines())
    stated = {name: stated_digest for stated_digest, name in lines}
    there = {str(path.relative_to(top)): path for path in _files(top) if path != top / SUMS}
    changed = [name for name, stated_digest in stated.items() if name in there and digest(there[name]) != stated_digest]
    return sorted([*changed, *(stated.keys() ^ there.keys())])


def pack(top: Path, to: Path) -> None:
    """The folder as an archive: the same content gives the same bytes."""
    to.parent.mkdir(parents=True, exist_ok=True)
    # Wheels and images are compressed already: more than the least is only time.
    with (
        to.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in _files(top):
            archive.add(path, arcname=str(path.relative_to(top.parent)), filter=_anonymous)


def made_for() -> str:
    """The Python and the platform that the wheels are for, as the Makefile compares it."""
    return f"{sys.version_info[0]}.{sys.version_info[1]} {platform.system()} {platform.machine()}"


def digest(path: Path) -> str:
    """SHA-256 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(top: Path) -> Iterator[Path]:
    return iter(sorted(path for path in top.rglob("*") if path.is_file() or path.is_symlink()))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


def _run(*command: str, cwd: Path) -> str:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()


def _fails(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


def _tell(to: Path, built: Sequence[str], images: Images) -> None:
    print(f"{to}: {to.stat().st_size / 1e6:,.0f} MB, for Python {made_for()}")
    if built:
        print(f"built here, as there is no wheel: {', '.join(built)}")
    print(str(images).strip())


if __name__ == "__main__":
    sys.exit(main())
