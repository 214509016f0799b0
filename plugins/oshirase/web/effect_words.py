"""What is said of an effect, in sentences: on the page and on the command line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from oshirase.domain.campaign import HELD_OUT
from oshirase.domain.effect import Difference, Interval, Tally, Verdict
from oshirase.domain.season import MESSAGE, Comparison, Outcome, SeasonReport
from oshirase.web.language import N_

RESPONSES = {
    ("payment", True): N_("%(days)s日以内に納付された方"),
    ("check_up", True): N_("%(days)s日以内に受診された世帯"),
    ("check_up", False): N_("%(until)sまでに受診された世帯"),
    ("payment", False): N_("%(until)sまでに納付された方"),
}
VERDICTS = {
    Verdict.MORE: N_(
        "お知らせを送った方では、%(response)sの割合が、送らなかった方より%(points)sポイント高くなりました"
        "（95％信頼区間 %(low)s〜%(high)sポイント）。"
    ),
    Verdict.LESS: N_(
        "お知らせを送った方では、%(response)sの割合が、送らなかった方より低くなりました（差 %(points)sポイント、"
        "95％信頼区間 %(low)s〜%(high)sポイント）。文面と対象をご確認ください。"
    ),
    Verdict.CANNOT_TELL: N_(
        "%(response)sの割合に、はっきりした差は見られません（差 %(points)sポイント、95％信頼区間 "
        "%(low)s〜%(high)sポイント）。効果がないという意味ではなく、この範囲のどの効果もありえます。"
    ),
    Verdict.TOO_FEW: N_(
        "人数が少ないため、効果の有無は判断できません（送った方%(units)s人のうち%(responses)s人、"
        "送らなかった方%(held_units)s人のうち%(held_responses)s人）。"
    ),
    Verdict.NOT_YET: N_("結果はまだわかりません。%(known_on)s以降の時点の記録が取り込まれると、表示されます。"),
    Verdict.NO_COMPARISON: N_(
        "送らなかった方（比較のための方）がいないため、お知らせを送らない場合と比べた効果はわかりません。"
        "文面どうしの比較だけを表示します。"
    ),
}
INTERIM_DIFFERENCE = N_(
    "%(response)sの割合の差は、これまでのところ%(points)sポイントです（95％信頼区間 %(low)s〜%(high)sポイント）。"
)
INTERIM = N_(
    "中間の集計です。途中で何度も見ると、偶然の差を効果と見誤りやすくなります。結論は、%(final_on)s以降の最終の集計で"
    "お読みください。"
)
NO_OUTCOME = N_(
    "このお知らせには、納付や受診のような結果の記録がないため、効果は測れません。送達の状況だけを表示します。"
)
SHORT = {
    Verdict.MORE: N_("増えました"),
    Verdict.LESS: N_("減りました"),
    Verdict.CANNOT_TELL: N_("はっきりした差なし"),
    Verdict.TOO_FEW: N_("人数が少なく判断できません"),
    Verdict.NOT_YET: N_("まだわかりません"),
    Verdict.NO_COMPARISON: N_("比較できません"),
}
INTERIM_SHORT = N_("中間")
ARMS = {MESSAGE: N_("送った方（全文面）"), HELD_OUT: N_("送らなかった方")}


@dataclass(frozen=True)
class Teller:
    """Says it in a language: `say` translates a sentence, `day` writes a date."""

    say: Callable[[str], str]
    day: Callable[[date], str]

    def sentences(self, report: SeasonReport) -> Iterator[str]:
        """What may be said of a season, the answer first."""
        if report.counts.outcome is None:
            yield self.say(NO_OUTCOME)
            return
        is_shown_as_interim = report.is_interim and report.main.verdict in _WITH_INTERVAL
        yield self.comparison(report, INTERIM_DIFFERENCE if is_shown_as_interim else VERDICTS[report.main.verdict])
        if report.is_interim and report.main.difference:
            yield self.say(INTERIM) % {"final_on": self.day(report.final_on)}

    def comparison(self, report: SeasonReport, sentence: str) -> str:
        """A sentence about the message arms against the hold-out."""
        found = report.main.difference or Difference(0, 0, 0, Tally(), Tally())
        return self.say(sentence) % {
            "response": self.response(report, report.main.outcome),
            **in_points(found),
            "units": f"{found.treated.units:,}",
            "responses": f"{found.treated.responses:,}",
            "held_units": f"{found.control.units:,}",
            "held_responses": f"{found.control.responses:,}",
            "known_on": self.day(min((run.known_on for run in report.runs), default=report.final_on)),
        }

    def response(self, report: SeasonReport, outcome: Outcome) -> str:
        """As in 14日以内に納付された方."""
        sentence = RESPONSES[report.counts.outcome or "payment", outcome.days is not None]
        until = self.day(outcome.until) if outcome.until else ""
        return self.say(sentence) % {"days": outcome.days, "until": until}

    def verdict(self, comparison: Comparison, is_interim: bool = False) -> str:
        """The verdict in a table."""
        if is_interim and comparison.verdict in _WITH_INTERVAL:
            return self.say(INTERIM_SHORT)
        return self.say(SHORT[comparison.verdict])

    def arm(self, arm: str) -> str:
        """An arm's name: variants are called as in the settings."""
        return self.say(ARMS[arm]) if arm in ARMS else arm


_WITH_INTERVAL = {Verdict.MORE, Verdict.LESS, Verdict.CANNOT_TELL}


def in_points(found: Interval) -> dict[str, str]:
    """A difference of shares in percentage points, with its ends."""
    return {"points": points(found.estimate), "low": points(found.low), "high": points(found.high)}


def points(share: float) -> str:
    """As in +5.2."""
    return f"{100 * share:+.1f}"


def percent(tally: Tally) -> str:
    """As in 31.4%; of nobody a dash."""
    return "―" if tally.rate is None else f"{tally.rate:.1%}"


def interval(found: Interval | None) -> str:
    """As in +5.2（+1.0〜+9.4）, in points."""
    return "―" if found is None else "{points}（{low}〜{high}）".format(**in_points(found))


def amounts(found: Interval | None, digits: int = 0) -> str:
    """As in 1,234（1,000〜1,600）."""
    if found is None:
        return "―"
    estimate, low, high = (f"{value:,.{digits}f}" for value in (found.estimate, found.low, found.high))
    return f"{estimate}（{low}〜{high}）"
