"""A settings home of the tests' own: the repository's settings and statements, a campaign and a DAG for each test."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from oshirase.domain.calendar import JST
from sandbox.stack.folder import REPOSITORY

STATEMENT = "cohort/people_overdue"
CLOSES = 'closes = "17:00"'
# The product's own DAGs that the tests call upon.
UPKEEP = ("reconcile_payments", "resolve_unknown")
# Its tasks say what must not be said.
LEAKY = Path(__file__).parent / "leaky.py"
# Whose debtors a campaign is about: those whose resident id begins so.
PREFIX = "{number:03d}"
FIRST_TEXT = (
    "{{ city }}です。国民健康保険料第{{ instalment }}期分の納付確認のお知らせです。{{ due_on }}の納期限を過ぎ、"
    "納付が確認できておりません。行き違いの場合はご容赦ください。"
    "{{ section }} {{ section_phone }}（代表 {{ representative_phone }}）"
)
SECOND_TEXT = FIRST_TEXT.replace("ご容赦ください", "お許しください")
CAMPAIGN = """
title = "{name}"
section = "premium"

[cohort]
statement = "{statement}"
params = {{ scheme = "nhi", people = "{people}" }}

[timetable]
kind = "after_due_date"
calendar = "nhi"
business_days_after_due = 2
at = "10:00"

[pacing]
call_rate = 0.0
per_hour = 2000
per_occurrence = 2000

[sending]
gateway_conn_id = "karaden"
lead_minutes = 10
batch_size = {batch_size}

[hold_out]
share = 0.0

# The occurrences lie as far back as the machine's clock wants.
[approval]
stale_after_days = 400
answer_within_business_days = {answer_within}

[[variants]]
name = "plain"
version = {version}
weight = 1
body = "{body}"
"""
DAG = '''"""{name}"""

from oshirase.orchestration.campaign_dag import campaign_dag  # an Airflow DAG

{name} = campaign_dag("{name}", doc_md=__doc__)
'''


@dataclass(frozen=True)
class SettingsHome:
    """`path` is what $OSHIRASE_HOME names; `dags` is Airflow's DAGs folder."""

    path: Path
    dags: Path

    def people_of(self, name: str) -> str:
        """What the resident ids of a campaign's people begin with."""
        return PREFIX.format(number=sorted(file.stem for file in self.dags.glob("*.py")).index(name))

    def write_campaign(
        self, name: str, *, batch_size: int = 50, answer_within: int = 2, version: int = 1, body: str = FIRST_TEXT
    ) -> None:
        """A campaign's settings file, in place of the one that is there."""
        _replace(
            self.path / "config" / "campaigns" / f"{name}.toml",
            CAMPAIGN.format(
                name=name,
                statement=STATEMENT,
                people=self.people_of(name),
                batch_size=batch_size,
                answer_within=answer_within,
                version=version,
                body=body,
            ),
        )

    @contextmanager
    def closing_at(self, moment: datetime) -> Iterator[None]:
        """The send window closes at the minute of a moment, every day, until the block ends."""
        path = self.path / "config" / "city.toml"
        before = path.read_text(encoding="utf-8")
        assert before.count(CLOSES) == 1
        _replace(path, before.replace(CLOSES, f'closes = "{moment.astimezone(JST):%H:%M}"'))
        try:
            yield
        finally:
            _replace(path, before)


def make_home(folder: Path, campaigns: dict[str, dict[str, Any]]) -> SettingsHome:
    """The home with a settings file and a DAG for each campaign: its name, and how its settings differ."""
    home = SettingsHome(folder / "home", folder / "dags")
    for part in ("config", "include"):
        shutil.copytree(REPOSITORY / part, home.path / part)
    for file in (home.path / "config" / "campaigns").iterdir():
        file.unlink()
    _write_statement(home.path / "include" / "sql")
    home.dags.mkdir()
    for name in UPKEEP:
        shutil.copy(REPOSITORY / "dags" / f"{name}.py", home.dags)
    shutil.copy(LEAKY, home.dags)
    for name in campaigns:
        (home.dags / f"{name}.py").write_text(DAG.format(name=name), encoding="utf-8")
    for name, changes in campaigns.items():
        home.write_campaign(name, **changes)
    return home


def _write_statement(folder: Path) -> None:
    """The product's own statement, of some of the people only."""
    text = (folder / "cohort" / "premium_overdue.sql").read_text(encoding="utf-8")
    for old, new in (
        ("cohort/premium_overdue", STATEMENT),
        ("scheme (text)", "scheme (text), people (text)"),
        ("l.scheme = :scheme", "l.scheme = :scheme and starts_with(l.obligor_id, :people)"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / f"{STATEMENT}.sql").write_text(text, encoding="utf-8")


def _replace(path: Path, text: str) -> None:
    """Who reads meanwhile sees the old file or the new one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, path)
