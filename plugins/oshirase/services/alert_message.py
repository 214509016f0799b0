"""The message by which whoever is on call is told of alerts: Japanese, plain text, no personal data."""

from collections.abc import Iterator, Sequence

from oshirase.domain.alert import ALERT_LABELS, KeptAlert, Telling
from oshirase.domain.calendar import moment_in_words

RUNBOOK = "docs/runbook.md"
# No alert that the ledger could keep: it is what does not answer.
WATCH_FAILED = "watch_failed"
_HEADINGS = {Telling.OPENED: "発生", Telling.REMINDED: "継続中", Telling.CLEARED: "解消"}


def compose_message(due: Sequence[tuple[KeptAlert, Telling]], root: str = "") -> tuple[str, str]:
    """Subject and text about some alerts, at least one; `root` is the address of our pages, empty when not known."""
    counts = {telling: sum(one is telling for _, one in due) for telling in Telling}
    told = "・".join(f"{_HEADINGS[telling]}{count:,}件" for telling, count in counts.items() if count)
    first = ALERT_LABELS[due[0][0].kind]
    subject = f"【お知らせ警報】{first}" if len(due) == 1 else f"【お知らせ警報】{first}ほか"
    pieces = ["\n".join(_piece(kept, telling, root)) for kept, telling in due]
    return f"{subject}（{told}）", "\n\n".join(pieces) + "\n"


def _piece(kept: KeptAlert, telling: Telling, root: str) -> Iterator[str]:
    alert = kept.alert
    yield f"■ {_HEADINGS[telling]}: {ALERT_LABELS[alert.kind]}"
    if kept.cleared_at:
        yield f"{moment_in_words(kept.opened_at)}から{moment_in_words(kept.cleared_at)}まで: {alert.sentence}"
    else:
        yield f"{moment_in_words(kept.opened_at)}から: {alert.sentence}"
        yield f"すること: {alert.to_do}"
    if root:
        yield f"画面: {root.rstrip('/')}/{alert.place or ''}"
    yield f"手引き: {RUNBOOK}#{alert.kind}"


def compose_watch_failure(error: str) -> tuple[str, str]:
    """Subject and text: the watcher itself could not look; `error` is the kind of error."""
    text = (
        f"■ 監視の失敗\n台帳などを確かめられませんでした（{error}）。ほかの警報も出ない状態です。\n"
        "すること: データベースが動いているかを確かめ、DAG watch のログと `oshirase doctor` を見てください。\n"
        f"手引き: {RUNBOOK}#{WATCH_FAILED}\n"
    )
    return "【お知らせ警報】監視ができていません", text
