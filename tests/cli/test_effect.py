"""`oshirase report`, `power` and `calls` on a real database."""
# ruff: noqa: F811 - fixtures of another module are arguments here

from datetime import timedelta
from typing import Any

import pytest

from oshirase.domain.campaign import HoldOut
from oshirase.services.measurement import keep_measurement
from tests.cli.test_cli import bare, equipped, run, sentence, spoil, told  # noqa: F401 - fixtures
from tests.people import create_debtor, create_load, create_payment
from tests.scene import OCCURRENCE, Scene
from tests.seasons import CLEAR, make_season


@pytest.fixture
def carried_out(equipped: Scene) -> Scene:
    """Half of 200 debtors are held out; three of four pay with a message, one of four without."""
    scene = equipped
    scene.campaign = scene.campaign.model_copy(update={"hold_out": HoldOut(share=0.5)})
    scene.change(batch_size=500)
    scene.pace(per_hour=500)
    for _ in range(200):
        create_debtor(scene.owner)
    scene.send(scene.approved_run())
    paying = scene.rows(
        "select l.levy_id from ledger.notice as n inner join records.levy as l on n.resident_id = l.obligor_id"
        " where hashtext(n.resident_id) & 3 < case n.state when 'held_out' then 1 else 3 end"
    )
    for (levy,) in paying:
        create_payment(scene.owner, levy, paid_on=OCCURRENCE.date() + timedelta(days=4), recorded_at=OCCURRENCE)
    create_load(scene.owner, "payment", OCCURRENCE + timedelta(days=365))
    return scene


def season_of(found: dict[str, Any]) -> dict[str, Any]:
    ((season,),) = [one["seasons"] for one in found["campaigns"]]
    return season


class TestReport:
    def test_as_json(self, carried_out: Scene) -> None:
        season = season_of(told("report", "nhi_overdue"))
        by_outcome = {one["outcome"]: one for one in season["comparisons"]}
        assert list(by_outcome) == ["7", "14", "30"]
        main = by_outcome["14"]
        assert main["verdict"] == "more"
        assert main["difference"]["low"] < main["difference"]["estimate"] < main["difference"]["high"]
        assert main["difference"]["estimate"] == pytest.approx(0.5, abs=0.2)
        assert sum(arm["units"] for arm in season["arms"].values()) == 200
        assert [one["hold_out"] for one in season["runs"]] == [season["arms"]["hold_out"]["units"]]
        assert (season["is_interim"], season["calls"], season["known_until"]) == (False, None, "2027-10-02")
        assert season["number_needed"]["estimate"] == pytest.approx(1 / main["difference"]["estimate"])
        assert season["more_yen"]["low"] > 0

    def test_as_tables(self, carried_out: Scene) -> None:
        shown = run("report", "nhi_overdue").stdout.replace("\n", "")
        for part in (
            "高くなりました",
            "送らなかった方",
            "回ごとの結果",
            "増収の推計",
            "電話: 記録なし",
            "参考",
            "relief",
        ):
            assert part in shown
        assert "+8190" not in shown

    def test_nothing_is_written(self, carried_out: Scene) -> None:
        run("report")
        assert carried_out.rows("select count(*) from ledger.measurement") == [(0,)]

    def test_all_campaigns_and_one_season(self, carried_out: Scene) -> None:
        found = told("report", "--season", "2025")
        assert {len(one["seasons"]) for one in found["campaigns"]} == {0}
        assert "まだない" in run("report", "health_check").stdout

    def test_a_later_restatement_is_told(self, carried_out: Scene) -> None:
        before = season_of(told("report", "nhi_overdue"))["comparisons"][1]["difference"]["estimate"]
        ((levy,),) = carried_out.rows(
            "select levy_id from records.levy where levy_id not in (select levy_id from records.payment)"
            " and obligor_id in (select resident_id from ledger.notice where state = 'accepted') limit 1"
        )
        create_payment(carried_out.owner, levy, paid_on=OCCURRENCE.date())
        assert season_of(told("report", "nhi_overdue"))["comparisons"][1]["difference"]["estimate"] > before


class TestPower:
    def test_as_json_with_what_is_given(self, equipped: Scene) -> None:
        found = told("power", "nhi_overdue", "--rate", "0.3", "--per-season", "4000")
        assert (found["base_rate"], found["per_season"], found["occurrences"]) == (0.3, 4000, 10)
        assert [row["share"] for row in found["hold_outs"]] == [0.05, 0.1, 0.2, 0.3, 0.5]
        five = found["hold_outs"][1]["needed"][2]
        assert (five["effect"], five["units"], five["occurrences"], five["seasons"]) == (0.05, 7733, 20, 2)
        assert found["hold_outs"][1]["smallest_effect"] == pytest.approx(0.0701, abs=0.0001)

    def test_from_the_ledger(self, carried_out: Scene) -> None:
        found = told("power", "nhi_overdue")
        assert found["per_season"] == 200
        assert found["base_rate"] == pytest.approx(0.25, abs=0.12)
        assert "ポイントの差" in run("power", "nhi_overdue").stdout

    @pytest.mark.parametrize(
        ("arguments", "part"),
        [((), "--per-season"), (("--per-season", "4000"), "--rate"), (("--rate", "0.3"), "--per-season")],
    )
    def test_what_nobody_knows_is_asked_for(
        self, equipped: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
        arguments: tuple[str, ...], part: str,
    ) -> None:  # fmt: skip
        assert part in sentence(capsys, monkeypatch, "power", "nhi_overdue", *arguments)


class TestCalls:
    def test_they_are_recorded(self, carried_out: Scene) -> None:
        day = ("--on", "2026-10-02")
        assert "12件" in run("calls", "record", "--section", "premium", *day, "--count", "12").stdout
        assert season_of(told("report", "nhi_overdue"))["calls"] == 12

    def test_a_section_that_there_is_not(
        self,
        equipped: Scene,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        said = sentence(capsys, monkeypatch, "calls", "record", "--section", "x", "--on", "2026-10-01", "--count", "1")
        assert "premium, health" in said


def test_what_is_kept_is_no_concern_of_the_report(equipped: Scene) -> None:
    keep_measurement(equipped.engine, make_season(*CLEAR), OCCURRENCE, "test")
    assert told("report", "nhi_overdue")["campaigns"][0]["seasons"] == []
