"""The staff manual and the other documents: what they quote stands on a page, what they point to is there."""

import re
from functools import cache
from pathlib import Path

import pytest

from oshirase.adapters.paths import project_home

ROOT = project_home()
CONTENTS = ROOT / "README.ja.md"
MANUAL = [CONTENTS, *sorted((ROOT / "docs" / "ja").glob("*.md"))]
PAGES = [path for folder in ("docs", "docs/adr") for path in sorted((ROOT / folder).glob("*.md"))]
DOCUMENTS = [ROOT / "README.md", *MANUAL, *PAGES]
# Where words for staff come from: pages, tasks, DAGs, sentences of the domain, titles of campaigns.
SOURCES = ("plugins/oshirase/**/*.py", "plugins/*.py", "plugins/oshirase/**/*.html", "config/campaigns/*.toml")
# What Airflow itself has an approver read.
BODIES = "plugins/oshirase/orchestration/templates/*.jinja"
LABEL, LINK = re.compile(r"『([^』]+)』"), re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
MARK = "\u3000"
# The parts that staff asked for, by the page that begins with them.
SECTIONS = {
    "first-start": "はじめに",
    "daily": "ふだんの1日",
    "approving": "承認する",
    "telephone": "住民の方からお電話があったとき",
    "missed": "実行されていない予定日",
    "stopping": "送信を止める",
    "trouble": "困ったとき",
    "texts": "新しい文面",
    "new-campaign": "新しいお知らせ",
    "year-change": "年度の切替え",
    "effect": "効果を見る",
    "personal-data": "個人情報：開示・消去の請求と保存期間",
}


@cache
def words() -> str:
    """All sources of words, one after the other."""
    return "\n".join(path.read_text("utf-8") for pattern in SOURCES for path in sorted(ROOT.glob(pattern)))


@cache
def body_words() -> set[str]:
    """Headings and the first cells of tables of what an approver reads."""
    lines = [line for path in ROOT.glob(BODIES) for line in path.read_text("utf-8").splitlines()]
    cells = {line.split("|")[1].strip() for line in lines if line.startswith("| ")}
    return cells | {line.lstrip("# ") for line in lines if line.startswith("#")}


def is_shown(label: str) -> bool:
    return f'"{label}"' in words() or label in body_words()


def labels(path: Path) -> list[str]:
    return [label for label in LABEL.findall(path.read_text("utf-8")) if label != MARK]


def targets(path: Path) -> list[str]:
    """What a document links to in the repository: (path)#(heading), without addresses."""
    found = LINK.findall(CODE.sub("", path.read_text("utf-8")))
    return [target for target in found if "://" not in target and not target.startswith("mailto:")]


def anchors(path: Path) -> set[str]:
    """The headings of a document as GitHub names them."""
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"\]\([^)]*\)", "", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MANUAL, ids=name_of)
def test_what_is_quoted_from_a_page_stands_there(path: Path) -> None:
    assert [label for label in labels(path) if not is_shown(label)] == []


def test_words_that_stand_nowhere_are_found() -> None:
    assert is_shown("承認する")
    assert is_shown("送信しない方")
    assert not is_shown("承認す")
    assert not is_shown("この語はどこにもありません")


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_and_images_lead_somewhere(path: Path) -> None:
    broken = []
    for target in targets(path):
        file, _, anchor = target.partition("#")
        place = (path.parent / file).resolve() if file else path
        if not place.exists() or (anchor and place.suffix == ".md" and anchor not in anchors(place)):
            broken.append(target)
    assert broken == []


def test_every_page_of_the_manual_is_in_the_contents_and_has_its_subject() -> None:
    listed = {Path(target).stem for target in targets(CONTENTS) if target.startswith("docs/ja/")}
    assert listed == set(SECTIONS) == {path.stem for path in MANUAL if path != CONTENTS}
    for stem, heading in SECTIONS.items():
        first = (ROOT / "docs" / "ja" / f"{stem}.md").read_text("utf-8").splitlines()[0]
        assert first == f"# {heading}"


def test_every_image_is_shown_somewhere() -> None:
    shown = {(path.parent / target).resolve() for path in DOCUMENTS for target in targets(path)}
    assert [image.name for image in sorted((ROOT / "docs/images").iterdir()) if image.resolve() not in shown] == []
