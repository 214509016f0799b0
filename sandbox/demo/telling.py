"""The demo's result as two tables with a column for each campaign; they fit into 100 columns."""

from collections.abc import Callable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from oshirase.domain.notice import SUPPRESSION_LABELS
from sandbox.demo.proof import CampaignCounts, Counts, Summary

# A line's words in both languages, and what it shows of a campaign or of all.
Line = tuple[str, str, Callable[[Counts], int]]
LABEL_WIDTH, ENGLISH_WIDTH = 31, 22


def story_table(summary: Summary) -> Table:
    """Where every member of the cohorts ended."""
    table = _table("お知らせの結果 / what became of everybody", summary, LABEL_WIDTH, ENGLISH_WIDTH)
    days = [_day(part) for part in summary.campaigns.values()]
    table.add_row("予定日", "occurrence", *days, "", end_section=True)
    for label, english, number in _lines(summary):
        table.add_row(label, english, *_cells(summary, number))
    return table


def _lines(summary: Summary) -> Iterator[Line]:
    yield "抽出した方", "cohort", lambda c: c.cohort
    yield "対象外", "suppressed", lambda c: sum(c.suppressed.values())
    for reason in sorted(summary.suppressed, key=_order_of_judgement):
        yield f" {SUPPRESSION_LABELS.get(reason, reason)}", f" {reason}", _suppressed_as(reason)
    yield "比較のため送信なし", "held out", lambda c: c.held_out
    yield "次回へ繰越", "deferred", lambda c: c.deferred
    yield "送信せず終了", "expired", lambda c: c.expired
    yield "受付拒否", "rejected", lambda c: c.rejected
    yield "引渡し", "handed over", lambda c: c.handed_over
    yield " 着信", " delivered", lambda c: c.delivered
    yield "  その後に納付・受診", "  settled since", lambda c: c.settled_since
    yield " 不達", " undelivered", lambda c: c.undelivered
    yield " 予約取消", " cancelled", lambda c: c.cancelled
    yield "結果不明", "unknown", lambda c: c.unknown
    yield "待機中", "still waiting", lambda c: c.still_waiting


def _suppressed_as(reason: str) -> Callable[[Counts], int]:
    return lambda counts: counts.suppressed.get(reason, 0)


def proof_table(summary: Summary) -> Table:
    """What the telephones' side says."""
    table = _table("反対側からの確認 / counted at the gateway emulator", summary, LABEL_WIDTH + ENGLISH_WIDTH + 1)
    for label, english, number in _checks():
        table.add_row(f"{label}\n[dim]{english}[/dim]", *_cells(summary, number))
    return table


def _checks() -> Iterator[Line]:
    yield (
        "1つの電話が受けた最多の通数（1以下）",
        "most messages on one telephone (1 at most)",
        lambda c: c.max_messages_per_number,
    )
    yield (
        "取消しが間に合う納付・受診の後に送信（0）",
        "sent after it was known to be settled (0)",
        lambda c: c.sent_after_settled,
    )
    yield "納付等の取込みと行き違い", "crossed with a payment or check-up", lambda c: c.paid_meanwhile
    yield "事業者に届いた予約（引渡しと同数）", "at the gateway (as many as handed over)", lambda c: c.at_gateway
    yield "電話に着信（着信と同数）", "got by telephones (as many as delivered)", lambda c: c.received_by_telephones
    yield "この実行で送信", "sent in this run", lambda c: c.new_messages


def _table(title: str, summary: Summary, *label_widths: int) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False)
    for width in label_widths:
        table.add_column("", width=width, overflow="fold")
    for name in [*summary.campaigns, "合計_all"]:
        table.add_column(name.replace("_", "\n"), justify="right", vertical="bottom", min_width=6)
    return table


def _day(part: CampaignCounts) -> str:
    """The occurrence's day; of a missed one also the day on which it was recovered."""
    day, played = part.occurrence_on[5:], part.played_on[5:]
    return day if day == played else f"{day}\n→{played}"


def _cells(summary: Summary, number: Callable[[Counts], int]) -> Sequence[str]:
    return [_written(number(counts)) for counts in (*summary.campaigns.values(), summary)]


def _written(number: int) -> str:
    return f"{number:,}" if number else "[dim]0[/dim]"


def _order_of_judgement(reason: str) -> int:
    reasons = list(SUPPRESSION_LABELS)
    return reasons.index(reason) if reason in reasons else len(reasons)
