"""The browser of the tests: Debian's Chromium, installed when it is missing and that may be done."""

import os
import shutil
import subprocess

PACKAGES = ("chromium", "fonts-noto-cjk")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LONGEST_INSTALL_SECONDS = 300


class NoBrowserError(Exception):
    """There is no Chromium, and none can be installed: says why, and what to do."""


def find_chromium() -> str:
    """Where Chromium is, installed if it has to be. Raises NoBrowserError."""
    if found := _found():
        return found
    _install()
    if found := _found():
        return found
    raise NoBrowserError(f"{' '.join(PACKAGES)} were installed, and still there is no Chromium in the PATH")


def _found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> None:
    wanted = f"install a Chromium (Debian: apt-get install {' '.join(PACKAGES)})"
    if shutil.which("apt-get") is None:
        raise NoBrowserError(f"there is no Chromium here, and no apt-get to install it with: {wanted}")
    if os.geteuid() != 0:
        raise NoBrowserError(f"there is no Chromium here, and only root may install it: {wanted}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update",), ("install", "--yes", "--no-install-recommends", *PACKAGES)):
        try:
            subprocess.run(
                ["apt-get", "--quiet", *command],
                env=quiet,
                check=True,
                capture_output=True,
                timeout=LONGEST_INSTALL_SECONDS,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise NoBrowserError(
                f"there is no Chromium here, and apt-get {command[0]} fails ({error}): {wanted}"
            ) from None
