"""Settings of a test's own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from oshirase.adapters.paths import project_home
from oshirase.adapters.settings import campaign_titles, extract_titles, load_city

Change = Callable[[str, str, str], None]


def copy_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Change:
    """Copies the settings; returns what changes words in one of the files."""
    home = tmp_path / "home"
    for folder in ("config", "include"):
        shutil.copytree(project_home() / folder, home / folder)
    monkeypatch.setenv("OSHIRASE_HOME", str(home))

    def change(file: str, before: str, after: str) -> None:
        path = home / "config" / file
        content = path.read_text(encoding="utf-8")
        assert before in content
        path.write_text(content.replace(before, after), encoding="utf-8")

    return change


def without_names(page: str) -> str:
    """A page without what is Japanese in every language: names that the settings give, and the choice of language."""
    sections = [section.name for section in load_city().sections.values()]
    names = [*campaign_titles().values(), *sections, *extract_titles().values(), "日本語", "表示言語"]
    for name in sorted(names, key=len, reverse=True):
        page = page.replace(name, "")
    return page
