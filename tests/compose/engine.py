"""The machine's Docker: whether there is one, its Compose, and images to run."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

STAND_INS = Path(__file__).parent / "images"
OFFICIAL = {
    "BASE_IMAGE": "apache/airflow:3.3.2-python3.12",
    "POSTGRES_IMAGE": "postgres:18",
    "REDIS_IMAGE": "redis:8",
}
BUILT = {"BASE_IMAGE": "airflow", "POSTGRES_IMAGE": "postgres", "REDIS_IMAGE": "redis"}
PULL_SECONDS = 900


class NotHere(Exception):
    """The test cannot run on this machine; says why."""


def find_compose() -> list[str]:
    """The command of Compose, v2 or 1.29. Raises NotHere."""
    if not shutil.which("docker") or not _succeeds(["docker", "info"]):
        raise NotHere("no Docker engine answers here")
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and _succeeds([*command, "version"]):
            return command
    raise NotHere("there is a Docker engine, but neither `docker compose` nor `docker-compose`")


def find_images() -> Mapping[str, str]:
    """Images by variable: those of the environment, stand-ins built on $DEBIAN_IMAGE, or the official ones.

    Raises:
        NotHere: one of them is neither on the machine nor to be had.
    """
    debian = os.environ.get("DEBIAN_IMAGE")
    images = {name: os.environ.get(name) or _image(name, debian) for name in OFFICIAL}
    for image in images.values():
        if not _succeeds(["docker", "image", "inspect", image]) and not _succeeds(["docker", "pull", image]):
            raise NotHere(
                f"the image {image} cannot be had: name others by {', '.join(OFFICIAL)}, or a Debian 12 to build "
                "stand-ins on by DEBIAN_IMAGE"
            )
    return images


def _image(name: str, debian: str | None) -> str:
    return _build_stand_in(BUILT[name], debian) if debian else OFFICIAL[name]


def _build_stand_in(name: str, debian: str) -> str:
    image = f"oshirase-stand-in-{name}"
    print(f"building {image} on {debian}", flush=True)
    with TemporaryDirectory() as folder:
        context = Path(shutil.copytree(STAND_INS, Path(folder) / "context"))
        authorities = ssl.get_default_verify_paths().cafile
        (context / "certificates.crt").write_bytes(Path(authorities).read_bytes() if authorities else b"")
        arguments = ["--network", "host", "--build-arg", f"DEBIAN_IMAGE={debian}", "--tag", image]
        run(["docker", "build", "--quiet", "--file", str(context / f"{name}.Dockerfile"), *arguments, str(context)])
    return image


def run(command: Sequence[str], *, given: str | None = None, show: bool = False) -> str:
    """Run a command to its end; what it says, unless it is shown. Raises RuntimeError with the end of it."""
    output = None if show else subprocess.PIPE
    done = subprocess.run(command, input=given, stdout=output, stderr=output, text=True, check=False)
    if done.returncode:
        told = "\n".join(((done.stdout or "") + (done.stderr or "")).splitlines()[-30:])
        raise RuntimeError(f"{' '.join(command[:12])} ended with {done.returncode}\n{told}")
    return done.stdout or ""


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, timeout=PULL_SECONDS, check=False).returncode == 0
