"""One look at everything: every rule is asked, and what it finds becomes or stays an alert."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from oshirase.domain.alert import Alert, AlertKind
from oshirase.domain.calendar import UnknownYear
from oshirase.services.alert_book import keep_found
from oshirase.services.alert_rules import RULES, Rule
from oshirase.services.watch import CannotTell, Watched

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """What one look found, and how many alerts it opened or ended."""

    alerts: Sequence[Alert]
    cleared: int


def look(watched: Watched, rules: Sequence[Rule] = RULES) -> Look:
    """Ask every rule, and keep what it found; what a rule cannot judge stays as it was.

    A rule that fails does not stop the others, and is an alert itself.
    """
    found: list[Alert] = []
    judged = [AlertKind.WATCH_INCOMPLETE]
    for rule in rules:
        try:
            found += list(rule.find(watched))
            judged.append(rule.kind)
        except (CannotTell, UnknownYear) as reason:
            logger.info("%s cannot be judged: %s", rule.kind, reason)
        except Exception as error:
            # Its own words may quote a row.
            logger.error("the rule %s failed: %s", rule.kind, type(error).__name__)  # noqa: TRY400
            found.append(_incomplete(rule, error))
    cleared = keep_found(watched.engine, found, judged, watched.unreadable, watched.now)
    return Look(found, cleared)


def _incomplete(rule: Rule, error: Exception) -> Alert:
    return Alert(
        AlertKind.WATCH_INCOMPLETE, rule.kind,
        f"監視の項目 {rule.kind} を確かめられませんでした（{type(error).__name__}）。",
        "DAG watch のログと `oshirase doctor` を確かめてください。この項目の警報は、確かめられるまで変わりません。",
    )  # fmt: skip
