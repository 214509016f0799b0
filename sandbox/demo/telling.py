"""The demo's result as a table."""

from collections.abc import Iterator

from rich.table import Table

from oshirase.domain.notice import SUPPRESSION_LABELS
from sandbox.demo.proof import Summary

Line = tuple[str, str, int]


def story_table(summary: Summary) -> Table:
    """Where every member of the cohort ended."""
    table = Table(title="国民健康保険料 納付確認のお知らせ 2026-10-02", title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("件数 / number", justify="right")
    for label, english, number in _lines(summary):
        table.add_row(label, english, f"{number:,}")
    return table


def _lines(summary: Summary) -> Iterator[Line]:
    yield "抽出した方", "cohort", summary.cohort
    for reason, number in summary.suppressed.items():
        yield f"  対象外: {SUPPRESSION_LABELS.get(reason, reason)}", f"  suppressed: {reason}", number
    yield "次回へ繰越", "deferred to the next occurrence", summary.deferred
    yield "送信せず終了", "expired", summary.expired
    yield "引渡し", "handed over to the gateway", summary.handed_over
    yield "  着信", "  delivered", summary.delivered
    yield "  不達", "  undelivered", summary.undelivered
    yield "  予約取消（その間に納付等）", "  cancelled: paid meanwhile", summary.cancelled
    yield "受付拒否", "rejected by the gateway", summary.rejected
    yield "結果不明", "unknown", summary.unknown
    yield "待機中", "still waiting", summary.still_waiting


def proof_table(summary: Summary) -> Table:
    """What the telephones' side says."""
    table = Table(title="反対側からの確認 / counted at the gateway emulator", title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    table.add_row("1つの電話が受けた最多の通数 / most messages on one telephone", f"{summary.max_messages_per_number}")
    table.add_row("取消しが間に合う納付の後に送信 / sent after settled (must be 0)", f"{summary.sent_after_settled}")
    table.add_row("納付の取込みと行き違い / crossed with a payment not loaded yet", f"{summary.paid_meanwhile}")
    table.add_row("この実行で送信 / messages sent in this run", f"{summary.new_messages:,}")
    return table
