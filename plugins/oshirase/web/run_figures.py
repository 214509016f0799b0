"""What a run's page and its report show in pictures and tables: the funnel's rows, and figures over hours and days."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from oshirase.domain.notice import STATE_LABELS, NoticeState, carrier_in_words, reason_in_words
from oshirase.services.run_course import BookedHour, ReceivedHour, SettledDay
from oshirase.services.run_funnel import APPROVED, COHORT, PASSED_ON, TO_SEND, Branch
from oshirase.web.charts import Figure, bars, figure, line
from oshirase.web.language import N_

Say = Callable[[str], str]
Points = list[tuple[str, float]]
WIDER_LABELS = {
    COHORT: N_("抽出した方"),
    TO_SEND: N_("送信の対象"),
    APPROVED: N_("承認された送信の対象"),
    PASSED_ON: N_("引き渡したもの"),
}
# Of notices that are with the gateway still.
AWAITED = N_("送達結果待ち")


@dataclass(frozen=True)
class FunnelRow:
    """A branch as it is shown: `query` finds the list behind it, `percent` is its share of the cohort."""

    label: str
    query: str
    notices: int
    parts: int
    percent: float
    depth: int
    is_divided: bool
    rows: Sequence["FunnelRow"] = field(default=())

    def flat(self) -> Iterator["FunnelRow"]:
        """This row and all below it, as they stand in a table."""
        yield self
        for row in self.rows:
            yield from row.flat()


def funnel_row(branch: Branch, say: Say, cohort: int | None = None, depth: int = 0) -> FunnelRow:
    """A branch and those below it, with their words; the uppermost one is the cohort.

    Said here, not in the template: what Jinja translates it does not escape, and a gateway's codes are not ours.
    """
    whole = branch.notices if cohort is None else cohort
    return FunnelRow(
        label=say(_label(branch)),
        query=_query(branch),
        notices=branch.notices,
        parts=branch.parts,
        percent=round(100 * branch.notices / whole, 1) if whole else 0.0,
        depth=depth,
        is_divided=branch.is_divided,
        rows=[funnel_row(below, say, whole, depth + 1) for below in branch.branches],
    )


def _label(branch: Branch) -> str:
    if branch.carrier:
        return carrier_in_words(branch.carrier)
    if branch.reason:
        return reason_in_words(branch.reason)
    if branch.kind == NoticeState.ACCEPTED:
        return AWAITED
    return WIDER_LABELS.get(branch.kind) or STATE_LABELS[NoticeState(branch.kind)]


def _query(branch: Branch) -> str:
    """The list's parameters; the cohort's list has none."""
    chosen = [("state", state) for state in branch.states] if branch.kind != COHORT else []
    chosen += [("reason", branch.reason)] if branch.reason else []
    return urlencode(chosen + ([("carrier", branch.carrier)] if branch.carrier else []))


def bookings_figure(hours: Sequence[BookedHour], room: int | None, say: Say) -> Figure:
    """Bookings of each hour, what is handed over apart from what is not; a line for what an hour can take."""
    moments = [f"{hour.starts_at:%-m/%-d %-H:%M}" for hour in hours]
    done: Points = [(moment, hour.handed_over) for moment, hour in zip(moments, hours, strict=True)]
    left: Points = [(moment, hour.booked - hour.handed_over) for moment, hour in zip(moments, hours, strict=True)]
    traces = [bars(done, say(N_("引渡し済み"))), bars(left, say(N_("これから引き渡すもの")))]
    if room is not None:
        pace = line([(moment, room) for moment in moments], say(N_("1時間に送信できる件数")))
        traces.append({**pace, "mode": "lines", "line": {"dash": "dash"}})
    drawn = figure(*traces, x_title=say(N_("時間帯")), y_title=say(N_("件数")), barmode="stack")
    # Nights and closed days take no room.
    drawn["layout"]["xaxis"] |= {"type": "category", "nticks": 12}
    return _with_legend(drawn)


def receipts_figure(hours: Sequence[ReceivedHour], say: Say) -> Figure:
    """How many receipts there are so far, by the hour: delivered, and not delivered."""
    delivered: Points = [(_hour(hour.starts_at), hour.delivered_so_far) for hour in hours]
    others: Points = [(_hour(hour.starts_at), hour.not_delivered_so_far) for hour in hours]
    traces = [line(delivered, say(N_("着信（累計）"))), line(others, say(N_("不達・送信エラー（累計）")))]
    drawn = figure(*traces, x_title=say(N_("時間帯")), y_title=say(N_("件数")))
    # In figures: the names of months would be those of Plotly's language.
    drawn["layout"]["xaxis"] |= {"type": "date", "tickformat": "%-m/%-d\n%-H:%M", "hoverformat": "%-m/%-d %-H:%M"}
    return _with_legend(drawn)


def settled_figure(days: Sequence[SettledDay], name: str, say: Say) -> Figure:
    """How many matters are settled so far, by days after the send."""
    points: Points = [(str(day.days_after), day.settled_so_far) for day in days]
    drawn = figure(line(points, name), x_title=say(N_("送信からの日数")), y_title=say(N_("件数")))
    drawn["layout"]["xaxis"] |= {"type": "linear", "dtick": 1 if len(days) < 15 else None}
    return drawn


def _hour(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _with_legend(drawn: Figure) -> dict[str, Any]:
    drawn["layout"] |= {"legend": {"orientation": "h", "y": 1.15}, "showlegend": True}
    return drawn
