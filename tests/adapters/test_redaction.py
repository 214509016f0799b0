"""Redaction of a whole process, in processes of their own: it changes how Python logs."""

import subprocess
import sys
from pathlib import Path

import pytest

NUMBERS = ("09012345678", "+819012345678", "090-1234-5678", "0012345678")
PRELUDE = """
import logging, sys, threading, warnings
from oshirase.adapters.redaction import install_redaction
install_redaction()
install_redaction()
logging.basicConfig(stream=sys.stdout, level=logging.DEBUG)
log = logging.getLogger("urllib3")
"""
SCRIPTS = {
    "a message": "log.info('to 09012345678')",
    "arguments": "log.info('to %s of %d', '+819012345678', 12)",
    "an argument that is a number": "log.info('id %010d, %s', 12345678, 'x')",
    "a mapping": "log.info('to %(to)s', {'to': '090-1234-5678'})",
    "arguments that do not fit": "log.info('to %d', '09012345678')",
    "a percent sign": "log.info('50%% of %s', '09012345678')",
    "a traceback": "try:\n    int('x09012345678')\nexcept ValueError:\n    log.exception('wrong')",
    "a cause": (
        "try:\n    try:\n        int('x09012345678')\n    except ValueError as error:\n"
        "        raise KeyError('0012345678') from error\n"
        "except KeyError:\n    log.exception('wrong')"
    ),
    "a stack": "log.info('here', stack_info=True)  # 09012345678",
    "a handler of a library": (
        "handler = logging.StreamHandler(sys.stdout)\nhandler.setFormatter(logging.Formatter('%(message)s %(args)s'))\n"
        "log.addHandler(handler)\nlog.error('to %s', '09012345678')"
    ),
    "uvicorn's requests": (
        "import logging.config, uvicorn.config\nlogging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)\n"
        "logging.getLogger('uvicorn.access').info('%s - \"%s %s HTTP/%s\" %d',"
        " '127.0.0.1:5', 'GET', '/to/09012345678', '1.1', 200)"
    ),
    "a warning": "warnings.warn('to 09012345678')",
    "an uncaught exception": "raise ValueError('to 09012345678')",
    "an uncaught exception in a thread": (
        "def fail():\n    raise ValueError('to 09012345678')\n"
        "thread = threading.Thread(target=fail)\nthread.start()\nthread.join()"
    ),
    "an exception in a finaliser": (
        "class One:\n    def __del__(self):\n        raise ValueError('to 09012345678')\nOne()"
    ),
}  # fmt: skip


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Where a script is written: a stack quotes the lines of a file only."""
    return tmp_path / "script.py"


def told(script: Path, lines: str) -> str:
    """All that a process with the script says."""
    script.write_text(lines, encoding="utf-8")
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("what", SCRIPTS)
def test_it_is_not_said(script: Path, what: str) -> None:
    said = told(script, PRELUDE + SCRIPTS[what])
    assert "[redacted]" in said
    assert [number for number in NUMBERS if number in said] == []


@pytest.mark.parametrize("what", SCRIPTS)
def test_without_redaction_it_would_be_said(script: Path, what: str) -> None:
    said = told(script, PRELUDE.replace("\ninstall_redaction()", "") + SCRIPTS[what])
    assert "[redacted]" not in said
    assert [number for number in NUMBERS if number in said] != []


def test_what_names_nobody_is_logged_as_ever(script: Path) -> None:
    lines = (
        "log.info('%s of %d, %s', 'x', 12, ['a'])\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    log.exception('oh')"
    )
    assert told(script, PRELUDE + lines) == told(script, PRELUDE.replace("\ninstall_redaction()", "\n") + lines)


def test_a_pattern_that_is_none_is_told_and_nothing_starts(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSHIRASE_ID_PATTERN", "(")
    said = told(script, "from oshirase.cli import command; command()")
    assert said.startswith("oshirase: OSHIRASE_ID_PATTERN is not a regular expression")


def test_a_city_s_own_form_of_ids(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSHIRASE_ID_PATTERN", r"A-\d{6}")
    assert "about [redacted]\n" in told(script, PRELUDE + "log.info('about A-123456')")
