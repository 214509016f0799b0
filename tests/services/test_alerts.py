"""Each rule opens and clears on real histories; each way is told once, again while it lasts, and when it is over."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from oshirase.adapters.database import INGEST_ROLE, create_records_engine
from oshirase.domain.alert import Alert, AlertKind, Telling
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Alerts
from oshirase.domain.gateway import GatewayError, Refused
from oshirase.domain.notice import NoticeState
from oshirase.errors import MissingSetting
from oshirase.services import alert_rules, approval
from oshirase.services.alert_book import list_open, tell
from oshirase.services.alert_rules import RULES, Rule
from oshirase.services.alerts import look
from oshirase.services.approval import answer_until
from oshirase.services.heartbeat import note_heartbeat
from oshirase.services.sending_lock import lock_sending, unlock_sending
from oshirase.services.stop import stop_campaign_run
from oshirase.services.watch import Watched
from tests.ledger import create_notice, create_run
from tests.people import create_debtor, create_load
from tests.scene import OCCURRENCE, Scene
from tests.services.test_unknown import run_with_lost_answer
from tests.web.own_settings import copy_settings

SETTINGS = Alerts()
BEFORE = datetime(2026, 9, 2, 10, tzinfo=JST)


def answers(conn_id: str) -> None:
    """A gateway that is well."""


def no_broken_dags() -> Mapping[str, str]:
    return {}


def watched(scene: Scene, **seen: Any) -> Watched:
    return Watched(scene.engine, scene.clock(), **{"probe": answers, "read_dags": no_broken_dags, **seen})


def found(scene: Scene, kind: AlertKind, **seen: Any) -> list[str]:
    """What is open of a kind after another look: its keys."""
    look(watched(scene, **seen))
    return [kept.alert.key for kept in list_open(scene.engine) if kept.kind is kind]


def sentence(scene: Scene, kind: AlertKind) -> str:
    (said,) = [kept.alert.sentence for kept in list_open(scene.engine) if kept.kind is kind]
    return said


def waiting(scene: Scene) -> datetime:
    """A run that waits for its approval; until when."""
    create_debtor(scene.owner)
    scene.plan(scene.open())
    return answer_until(scene.campaign, scene.city, scene.clock())


class TestRules:
    def test_every_kind_but_the_watcher_s_own_has_a_rule(self) -> None:
        assert {rule.kind for rule in RULES} == set(AlertKind) - {AlertKind.WATCH_INCOMPLETE}
        assert len(RULES) == len(AlertKind) - 1

    def test_of_a_city_that_has_not_begun_nothing_is_the_matter(self, scene: Scene) -> None:
        assert look(watched(scene)).alerts == []

    def test_sending_that_is_locked(self, scene: Scene) -> None:
        lock_sending(scene.engine, "山田太郎さんの件", "sato", scene.clock())
        assert len(found(scene, AlertKind.SENDING_LOCKED)) == 1
        assert "山田" not in sentence(scene, AlertKind.SENDING_LOCKED)
        unlock_sending(scene.engine, "済み", "sato", scene.clock(), is_without_gateway=False)
        assert found(scene, AlertKind.SENDING_LOCKED) == []

    def test_an_approval_that_is_almost_too_late(self, scene: Scene) -> None:
        until = waiting(scene)
        scene.clock.moment = until - timedelta(hours=3, minutes=1)
        assert found(scene, AlertKind.APPROVAL_WAITING) == []
        scene.clock.moment = until - timedelta(hours=3)
        assert found(scene, AlertKind.APPROVAL_WAITING) == ["nhi_overdue/2026-10-02"]
        assert "1件の送信が、まだ承認されていません" in sentence(scene, AlertKind.APPROVAL_WAITING)
        ((run, digest),) = scene.rows("select campaign_run_id, digest from ledger.campaign_run")
        scene.approve(run, digest)
        assert found(scene, AlertKind.APPROVAL_WAITING) == []

    def test_an_approval_that_did_not_come(self, scene: Scene) -> None:
        scene.clock.moment = waiting(scene)
        ((run,),) = scene.rows("select campaign_run_id from ledger.campaign_run")
        assert approval.expire_unanswered(scene.engine, run, "test", scene.clock())
        assert found(scene, AlertKind.APPROVAL_EXPIRED) == ["nhi_overdue/2026-10-02"]
        assert "1件を送信せずに終了しました" in sentence(scene, AlertKind.APPROVAL_EXPIRED)
        scene.clock.advance(days=3, minutes=1)
        assert found(scene, AlertKind.APPROVAL_EXPIRED) == []

    def test_an_occurrence_that_was_missed(self, scene: Scene) -> None:
        scene.plan(scene.open(BEFORE))
        scene.clock.moment = OCCURRENCE + timedelta(minutes=14)
        assert found(scene, AlertKind.OCCURRENCE_MISSED) == []
        scene.clock.moment = OCCURRENCE + timedelta(minutes=15)
        assert found(scene, AlertKind.OCCURRENCE_MISSED) == ["nhi_overdue/2026-10-02"]
        scene.plan(scene.open())
        assert found(scene, AlertKind.OCCURRENCE_MISSED) == []

    def test_a_run_that_was_approved_and_left_behind(self, scene: Scene) -> None:
        create_debtor(scene.owner)
        run = scene.approved_run()
        assert found(scene, AlertKind.RUN_LEFT_BEHIND) == []
        scene.clock.advance(days=1)
        assert found(scene, AlertKind.RUN_LEFT_BEHIND) == ["nhi_overdue/2026-10-02"]
        stop_campaign_run(scene.engine, run, "sato", "誤り", scene.clock())
        assert found(scene, AlertKind.RUN_LEFT_BEHIND) == []

    def test_bookings_of_a_stopped_run_that_are_still_there(self, scene: Scene) -> None:
        create_debtor(scene.owner)
        run = scene.approved_run()
        scene.send(run)
        stop_campaign_run(scene.engine, run, "sato", "誤り", scene.clock())
        assert found(scene, AlertKind.BOOKINGS_NOT_CANCELLED) == []
        scene.clock.advance(minutes=15)
        assert found(scene, AlertKind.BOOKINGS_NOT_CANCELLED) == ["nhi_overdue/2026-10-02"]
        assert scene.reconcile()["cancelled"] == 1
        assert found(scene, AlertKind.BOOKINGS_NOT_CANCELLED) == []

    def test_notices_of_which_nobody_knows(self, scene: Scene) -> None:
        run_with_lost_answer(scene, accepted=True)
        scene.clock.advance(hours=3, minutes=59)
        assert found(scene, AlertKind.UNKNOWN_WAITING) == []
        scene.clock.advance(minutes=1)
        assert found(scene, AlertKind.UNKNOWN_WAITING) == ["nhi_overdue/2026-10-02"]
        assert scene.look_up() == {"found": 1}
        assert found(scene, AlertKind.UNKNOWN_WAITING) == []

    @pytest.mark.parametrize(
        ("errors", "delivered", "is_told"), [(19, 0, False), (20, 81, False), (20, 80, True), (30, 0, True)]
    )
    def test_many_errors_in_a_run(self, scene: Scene, errors: int, delivered: int, is_told: bool) -> None:
        run, states = create_run(scene.owner), [NoticeState.REJECTED, NoticeState.FAILED, NoticeState.UNDELIVERED]
        ends = [states[number % 3] for number in range(errors)] + [NoticeState.DELIVERED] * delivered
        for number, state in enumerate(ends):
            create_notice(scene.owner, run, f"subject/{number}", state, state_changed_at=BEFORE)
        assert found(scene, AlertKind.ERROR_RATE) == (["nhi_overdue/2026-10-02"] if is_told else [])
        if is_told:
            assert f"これまでに結果が分かった{errors + delivered}件のうち{errors}件" in sentence(
                scene, AlertKind.ERROR_RATE
            )
            scene.clock.advance(days=8)
            assert found(scene, AlertKind.ERROR_RATE) == []

    def test_many_errors_in_the_last_hour_of_a_run_that_went_well_before(self, scene: Scene) -> None:
        run = create_run(scene.owner)
        for number in range(200):
            create_notice(scene.owner, run, f"well/{number}", NoticeState.DELIVERED, state_changed_at=BEFORE)
        for number in range(20):
            create_notice(scene.owner, run, f"not/{number}", NoticeState.REJECTED, state_changed_at=OCCURRENCE)
        assert found(scene, AlertKind.ERROR_RATE) == ["nhi_overdue/2026-10-02"]
        assert "直近1時間に結果が分かった20件のうち20件（100%）" in sentence(scene, AlertKind.ERROR_RATE)
        scene.clock.advance(minutes=61)
        assert found(scene, AlertKind.ERROR_RATE) == []

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (Refused("http_401", "the gateway answered 401", concerns_all=True), "アクセストークン"),
            (MissingSetting("lacks host"), "接続の設定が足りません"),
        ],
    )
    def test_a_gateway_that_fails(self, scene: Scene, error: GatewayError, words: str) -> None:
        assert found(scene, AlertKind.GATEWAY_FAILING, probe=lambda _: error) == ["karaden"]
        assert words in sentence(scene, AlertKind.GATEWAY_FAILING)
        assert found(scene, AlertKind.GATEWAY_FAILING) == []

    def test_an_extract_that_the_next_occurrence_needs(self, scene: Scene) -> None:
        scene.plan(scene.open(BEFORE))
        create_load(scene.owner, "payment", OCCURRENCE - timedelta(days=9))
        scene.clock.moment = OCCURRENCE - timedelta(days=2)
        assert found(scene, AlertKind.EXTRACT_LATE) == []
        scene.clock.moment = OCCURRENCE - timedelta(days=1)
        assert len(found(scene, AlertKind.EXTRACT_LATE)) == 1
        create_load(scene.owner, "payment", scene.clock())
        assert found(scene, AlertKind.EXTRACT_LATE) == []

    def test_an_extract_that_is_expected_every_day(
        self, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        change = copy_settings(tmp_path, monkeypatch)
        change("city.toml", "[alerts.quiet_hours]", "[alerts.extracts]\nresident = 0\n\n[alerts.quiet_hours]")
        create_load(scene.owner, "resident", OCCURRENCE - timedelta(days=1))
        scene.clock.moment = OCCURRENCE.replace(hour=8, minute=59)
        assert found(scene, AlertKind.EXTRACT_LATE) == []
        scene.clock.moment = OCCURRENCE.replace(hour=9)
        assert len(found(scene, AlertKind.EXTRACT_LATE)) == 1
        create_load(scene.owner, "resident", OCCURRENCE.replace(hour=3))
        assert found(scene, AlertKind.EXTRACT_LATE) == []

    @pytest.mark.parametrize("extract", ["payment", "unknown"])
    def test_a_file_that_was_refused(self, scene: Scene, extract: str) -> None:
        ingest = create_records_engine(scene.engine.url, INGEST_ROLE)
        with ingest.begin() as connection:
            connection.execute(
                text(
                    "insert into records.refused_file (extract, file_name, code, message, refused_at)"
                    " values (:extract, '山田太郎.csv', 'x', '「山田太郎」がありません。', :at)"
                ),
                {"extract": extract, "at": scene.clock()},
            )
        ingest.dispose()
        assert found(scene, AlertKind.FILE_REFUSED) == [extract]
        assert "山田" not in sentence(scene, AlertKind.FILE_REFUSED)
        create_load(scene.owner, extract, scene.clock() + timedelta(hours=1))
        assert found(scene, AlertKind.FILE_REFUSED) == []

    def test_settings_that_are_wrong(self, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        scene.plan(scene.open(BEFORE))
        scene.clock.moment = OCCURRENCE + timedelta(days=1)
        assert found(scene, AlertKind.OCCURRENCE_MISSED) == ["nhi_overdue/2026-10-02"]
        change = copy_settings(tmp_path, monkeypatch)
        change("campaigns/nhi_overdue.toml", "call_rate = 0.15", "call_rate = 15")
        assert found(scene, AlertKind.SETTINGS_BROKEN) == ["settings"]
        # Of a campaign that cannot be read nothing is known to be over.
        assert found(scene, AlertKind.OCCURRENCE_MISSED) == ["nhi_overdue/2026-10-02"]
        change("city.toml", "error_share = 0.2", "error_share = 20")
        assert found(scene, AlertKind.SETTINGS_BROKEN) == ["settings"]
        monkeypatch.delenv("OSHIRASE_HOME")
        assert found(scene, AlertKind.SETTINGS_BROKEN) == []

    def test_a_calendar_that_ends(self, scene: Scene) -> None:
        scene.clock.moment = datetime(2149, 10, 2, 10, tzinfo=JST)
        assert "holidays" in found(scene, AlertKind.SETTINGS_BROKEN)
        scene.clock.moment = OCCURRENCE
        assert found(scene, AlertKind.SETTINGS_BROKEN) == []

    def test_a_dag_that_cannot_be_read(self, scene: Scene) -> None:
        assert found(scene, AlertKind.DAG_BROKEN, read_dags=lambda: {"nhi_overdue": "SyntaxError"}) == ["nhi_overdue"]
        assert found(scene, AlertKind.DAG_BROKEN) == []

    def test_a_dag_that_did_not_do_its_work(self, scene: Scene) -> None:
        note_heartbeat(scene.engine, "collect_receipts", scene.clock(), timedelta(hours=1))
        scene.clock.advance(minutes=59)
        assert found(scene, AlertKind.UPKEEP_LATE) == []
        scene.clock.advance(minutes=1)
        assert found(scene, AlertKind.UPKEEP_LATE) == ["collect_receipts"]
        note_heartbeat(scene.engine, "collect_receipts", scene.clock(), timedelta(hours=1))
        assert found(scene, AlertKind.UPKEEP_LATE) == []

    def test_a_dag_that_a_city_with_runs_needs_and_never_ran(self, scene: Scene) -> None:
        scene.open()
        assert found(scene, AlertKind.UPKEEP_LATE) == [*alert_rules.NEEDED_DAGS]
        for name in alert_rules.NEEDED_DAGS:
            note_heartbeat(scene.engine, name, scene.clock(), timedelta(hours=1))
        assert found(scene, AlertKind.UPKEEP_LATE) == []


class TestLook:
    def test_a_rule_that_fails_does_not_stop_the_others_and_is_told(self, scene: Scene) -> None:
        def fail(_: Watched) -> Sequence[Alert]:
            raise RuntimeError("resident 0073184201")

        late = [Rule(AlertKind.EXTRACT_LATE, fail), *RULES]
        note_heartbeat(scene.engine, "watch", scene.clock(), timedelta())
        look(watched(scene), late)
        assert {kept.kind for kept in list_open(scene.engine)} == {AlertKind.WATCH_INCOMPLETE, AlertKind.UPKEEP_LATE}
        assert "RuntimeError" in sentence(scene, AlertKind.WATCH_INCOMPLETE)
        assert "0073184201" not in sentence(scene, AlertKind.WATCH_INCOMPLETE)
        assert found(scene, AlertKind.WATCH_INCOMPLETE) == []

    def test_what_cannot_be_judged_stays(self, scene: Scene) -> None:
        refused = Refused("http_401", "401")
        assert found(scene, AlertKind.GATEWAY_FAILING, probe=lambda _: refused) == ["karaden"]
        look(Watched(scene.engine, scene.clock()))
        assert [kept.kind for kept in list_open(scene.engine)] == [AlertKind.GATEWAY_FAILING]

    def test_an_alert_that_stays_keeps_its_beginning_and_one_that_comes_again_is_another(self, scene: Scene) -> None:
        broken = {"read_dags": lambda: {"x": "SyntaxError"}}
        look(watched(scene, **broken))
        ((first, since),) = [(kept.alert_id, kept.opened_at) for kept in list_open(scene.engine)]
        scene.clock.advance(minutes=10)
        look(watched(scene, **broken))
        assert [(kept.alert_id, kept.opened_at) for kept in list_open(scene.engine)] == [(first, since)]
        look(watched(scene))
        look(watched(scene, **broken))
        assert [kept.alert_id for kept in list_open(scene.engine)] != [first]


class Post:
    """What was sent, or an error instead."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.error: Exception | None = None

    def __call__(self, subject: str, body: str) -> None:
        if self.error:
            raise self.error
        self.sent.append((subject, body))


class TestTelling:
    @pytest.fixture
    def post(self) -> Post:
        return Post()

    def break_dags(self, scene: Scene, *names: str) -> None:
        look(watched(scene, read_dags=lambda: dict.fromkeys(names, "SyntaxError")))

    def tell(self, scene: Scene, post: Post, way: str = "mail") -> int:
        return tell(scene.engine, way, post, SETTINGS, scene.clock(), "https://airflow.example/oshirase")

    def test_once_when_it_opens_again_after_a_day_and_when_it_is_over(self, scene: Scene, post: Post) -> None:
        self.break_dags(scene, "watch")
        assert [self.tell(scene, post), self.tell(scene, post)] == [1, 0]
        scene.clock.advance(hours=24)
        self.break_dags(scene, "watch")
        assert [self.tell(scene, post), self.tell(scene, post)] == [1, 0]
        self.break_dags(scene)
        assert [self.tell(scene, post), self.tell(scene, post)] == [1, 0]
        assert [subject for subject, _ in post.sent] == [
            "【お知らせ警報】読み込めない DAG（発生1件）",
            "【お知らせ警報】読み込めない DAG（継続中1件）",
            "【お知らせ警報】読み込めない DAG（解消1件）",
        ]
        assert "すること: " in post.sent[0][1]
        assert "docs/runbook.md#dag_broken" in post.sent[0][1]
        assert "https://airflow.example/oshirase/" in post.sent[0][1]

    def test_several_are_one_message_the_most_urgent_first(self, scene: Scene, post: Post) -> None:
        refused = Refused("http_401", "401")
        broken = {"a": "SyntaxError", "b": "SyntaxError"}
        for _ in range(2):
            look(watched(scene, probe=lambda _: refused, read_dags=lambda: broken))
            scene.clock.advance(minutes=20)
        assert self.tell(scene, post) == 3
        ((subject, body),) = post.sent
        assert subject == "【お知らせ警報】事業者への接続の異常ほか（発生3件）"
        assert [line for line in body.splitlines() if line.startswith("■")] == [
            "■ 発生: 事業者への接続の異常", "■ 発生: 読み込めない DAG", "■ 発生: 読み込めない DAG",
        ]  # fmt: skip

    def test_a_way_that_fails_is_tried_again_and_the_other_one_is_not_held_up(self, scene: Scene, post: Post) -> None:
        self.break_dags(scene, "watch")
        hook = Post()
        post.error = OSError("no route")
        with pytest.raises(OSError, match="no route"):
            self.tell(scene, post)
        assert self.tell(scene, hook, "webhook") == 1
        post.error = None
        scene.clock.advance(minutes=10)
        assert [self.tell(scene, post), self.tell(scene, hook, "webhook")] == [1, 0]
        told = scene.rows("select way, telling from ledger.alert_telling order by way")
        assert told == [("mail", Telling.OPENED), ("webhook", Telling.OPENED)]

    def test_killed_between_telling_and_recording_it_is_told_twice_and_not_lost(self, scene: Scene) -> None:
        self.break_dags(scene, "watch")
        sent = []

        class Killed(BaseException):
            pass

        def send(subject: str, body: str) -> None:
            sent.append(subject)
            if len(sent) == 1:
                raise Killed

        with pytest.raises(Killed):
            self.tell(scene, send)  # type: ignore[arg-type]
        assert [self.tell(scene, send), self.tell(scene, send)] == [1, 0]  # type: ignore[arg-type]
        assert len(sent) == 2

    def test_two_at_once_tell_it_once(self, scene: Scene, post: Post) -> None:
        self.break_dags(scene, "watch")
        within: list[int] = []

        def send(subject: str, body: str) -> None:
            within.append(self.tell(scene, post))

        assert self.tell(scene, send) == 1  # type: ignore[arg-type]
        assert (within, post.sent) == ([0], [])

    def test_what_came_and_went_while_a_way_did_not_work_is_told(self, scene: Scene, post: Post) -> None:
        self.break_dags(scene, "watch")
        scene.clock.advance(hours=1)
        self.break_dags(scene)
        assert self.tell(scene, post) == 1
        assert "10月2日（金）10:00から10月2日（金）11:00まで" in post.sent[0][1]


def test_nothing_that_is_kept_or_told_of_a_whole_history_names_anybody(scene: Scene) -> None:
    residents = [create_debtor(scene.owner, resident_id=f"00731842{n:02d}") for n in range(3)]
    run_with_lost_answer(scene, accepted=False)
    scene.clock.advance(days=1)
    look(watched(scene, probe=lambda _: Refused("http_401", "401")))
    scene.clock.advance(minutes=30)
    post = Post()
    assert tell(scene.engine, "mail", post, SETTINGS, scene.clock()) >= 3
    kept = scene.rows("select a::text from ledger.alert as a")
    told = str(post.sent) + str(kept)
    numbers = [number for (number,) in scene.rows("select phone_e164 from records.contact")]
    assert len(numbers) == 4
    named = {*residents, *numbers, *("0" + number.removeprefix("+81") for number in numbers)}
    named |= {body for (body,) in scene.rows("select body from ledger.message_text")}
    assert [value for value in named if value in told] == []
    assert re.findall(r"0[789]0\d{8}", told) == []
