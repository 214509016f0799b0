"""The archive for a closed network: what goes in, and that nothing damaged comes out. The whole: `make test-bundle`."""

import base64
import hashlib
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import bundle
from tools.bundle import CannotBundle, Images, add_hash, check_wheels, digest, find_damage, pack, write_sums, write_tree
from tools.bundle_trial import change_a_byte, unpack
from tools.lock import ROOT, read_lock

UV = ROOT / ".venv" / "bin" / "uv"


def make_wheel(folder: Path, name: str = "tiny", number: str = "1.0", answer: int = 42) -> Path:
    """A wheel with one module."""
    info = f"{name}-{number}.dist-info"
    files = {
        f"{name}.py": f"answer = {answer}\n".encode(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_record_hash(content)},{len(content)}" for path, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    path = folder / f"{name}-{number}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, content in files.items():
            wheel.writestr(inside, content)
    return path


def _record_hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """An archive's folder with one package, pinned in every lock."""
    top = tmp_path / "oshirase-0"
    (top / bundle.WHEELS).mkdir(parents=True)
    wheel = make_wheel(top / bundle.WHEELS)
    for lock in bundle.LOCKS:
        (top / lock).write_text(f"tiny==1.0 \\\n    --hash=sha256:{digest(wheel)}\n", encoding="utf-8")
    write_sums(top)
    return top


@pytest.fixture
def install(top: Path, tmp_path: Path) -> Callable[[], subprocess.CompletedProcess[str]]:
    """Install the lock as the Makefile does in an unpacked archive."""
    wheels, lock = top / bundle.WHEELS, top / "requirements-dev.lock"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "cache")}
    command = [
        *(str(UV), "pip", "install", "--quiet", "--no-index", "--find-links", str(wheels), "--require-hashes"),
        *("--target", str(tmp_path / "installed"), "--python", str(UV.with_name("python")), "-r", str(lock)),
    ]
    return lambda: subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_it_installs_from_its_wheels_alone(install: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    ended = install()
    assert ended.returncode == 0, ended.stderr


def test_a_wheel_that_was_changed_by_one_bit_is_refused(
    top: Path, install: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (wheel,) = (top / bundle.WHEELS).iterdir()
    wheel.write_bytes(change_a_byte(wheel.read_bytes()))
    ended = install()
    assert ended.returncode != 0
    assert "tiny" in ended.stderr


def test_a_sound_wheel_that_is_another_is_refused(
    top: Path, install: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    make_wheel(top / bundle.WHEELS, answer=43)
    ended = install()
    assert ended.returncode != 0
    assert "hash mismatch" in ended.stderr.lower()


def test_the_makefile_installs_from_there_and_from_nowhere_else(top: Path) -> None:
    (top / bundle.MADE_FOR).write_text(bundle.made_for(), encoding="utf-8")
    (top / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (top / "pyproject.toml").touch()
    told = subprocess.run(["make", "-n", "install"], cwd=top, capture_output=True, text=True, check=True).stdout
    installing = [line for line in told.splitlines() if "pip install" in line]
    assert len(installing) == 3
    assert all(f"--no-index --find-links {top}/wheels" in line for line in installing)
    here = subprocess.run(["make", "-n", "-B", "install"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "--no-index" not in here


def test_another_python_than_the_archives_is_told(top: Path) -> None:
    (top / bundle.MADE_FOR).write_text("3.99 Linux x86_64\n", encoding="utf-8")
    (top / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (top / "pyproject.toml").touch()
    python = str(UV.with_name("python"))
    ended = subprocess.run(
        ["make", "install", f"PYTHON={python}"], cwd=top, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "made for Python 3.99 Linux x86_64" in ended.stderr
    assert not (top / ".venv").exists()


@pytest.mark.parametrize("how", ["changed", "missing", "added"])
def test_damage_is_found(top: Path, how: str) -> None:
    assert find_damage(top) == []
    (wheel,) = (top / bundle.WHEELS).iterdir()
    named = f"{bundle.WHEELS}/{wheel.name}"
    if how == "changed":
        wheel.write_bytes(change_a_byte(wheel.read_bytes()))
    elif how == "missing":
        wheel.unlink()
    else:
        named = "plugins/extra.py"
        (top / "plugins").mkdir()
        (top / named).touch()
    assert find_damage(top) == [named]


def test_sha256sum_reads_the_manifest(top: Path) -> None:
    command = ["sha256sum", "--check", "--quiet", bundle.SUMS]
    assert subprocess.run(command, cwd=top, capture_output=True, check=False).returncode == 0
    (wheel,) = (top / bundle.WHEELS).iterdir()
    wheel.write_bytes(b"")
    assert subprocess.run(command, cwd=top, capture_output=True, check=False).returncode != 0


def test_a_pin_without_a_wheel_is_told(top: Path) -> None:
    check_wheels(top)
    lock = top / "requirements-dev.lock"
    lock.write_text(lock.read_text(encoding="utf-8") + f"other==2.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    with pytest.raises(CannotBundle, match=r"other==2\.0"):
        check_wheels(top)


def test_what_was_built_here_is_added_to_the_lock(top: Path) -> None:
    built = make_wheel(top / bundle.WHEELS, "only_source", "0.5")
    lock = top / "requirements-dev.lock"
    before = lock.read_text(encoding="utf-8")
    lock.write_text(f"only-source==0.5 \\\n    --hash=sha256:{'0' * 64}\n{before}", encoding="utf-8")
    for name in bundle.LOCKS:
        add_hash(top / name, built)
    assert [pin.sha256 for pin in read_lock(lock) if pin.name == "only-source"] == [(digest(built), "0" * 64)]
    check_wheels(top)


def test_only_what_is_committed_goes_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository = tmp_path / "repository"
    git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    (repository / "kept.py").write_text("first\n", encoding="utf-8")
    for command in (["add", "."], ["commit", "--quiet", "--message", "first"]):
        subprocess.run([*git, *command], check=True)
    (repository / ".env").write_text("SECRET=1", encoding="utf-8")
    (repository / "kept.py").write_text("not committed\n", encoding="utf-8")
    write_tree(repository, tmp_path / "top")
    assert [path.name for path in (tmp_path / "top").iterdir()] == ["kept.py"]
    assert (tmp_path / "top" / "kept.py").read_text(encoding="utf-8") == "first\n"
    assert "NOT in the archive" in capsys.readouterr().err


def test_the_same_content_gives_the_same_archive_and_names_nobody(top: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.tar.gz", tmp_path / "second.tar.gz"
    pack(top, first)
    pack(top, second)
    assert digest(first) == digest(second)
    with tarfile.open(first) as archive:
        members = archive.getmembers()
    assert all(member.name.startswith("oshirase-0/") for member in members)
    assert {(member.uid, member.gid, member.uname) for member in members} == {(0, 0, "")}
    (tmp_path / "out").mkdir()
    assert find_damage(unpack(first, tmp_path / "out")) == []


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (Images(has_engine=False), "no Docker engine"),
        (Images(missing=("redis:8",)), "did not have: redis:8"),
        (Images(saved=("apache/airflow:3",)), "docker load --input images/apache_airflow_3.tar"),
    ],
)
def test_the_note_says_which_images_are_in_it(images: Images, told: str) -> None:
    assert told in str(images)
