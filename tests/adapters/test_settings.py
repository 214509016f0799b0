"""Settings: read as a whole, and a mistake is told to staff with file, key and sentence."""

import shutil
from datetime import date, time
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, ValidationError

from oshirase.adapters.paths import project_home
from oshirase.adapters.settings import (
    campaign_names,
    extract_titles,
    load_campaign,
    load_city,
    load_console,
    load_ingest,
    load_layouts,
)
from oshirase.adapters.settings_errors import findings_of, shown_path
from oshirase.domain.calendar import InstalmentCalendar, MonthDay, OfficeCalendar
from oshirase.domain.campaign import Wording
from oshirase.domain.occurrences import DueDateTimetable, SeasonTimetable
from oshirase.errors import BadSettings, UnknownCampaign

NHI = "config/campaigns/nhi_overdue.toml"
HEALTH = "config/campaigns/health_check.toml"
CITY = "config/city.toml"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the settings that a test may spoil."""
    for folder in ("config", "include"):
        shutil.copytree(project_home() / folder, tmp_path / folder)
    monkeypatch.setenv("OSHIRASE_HOME", str(tmp_path))
    return tmp_path


def spoil(home: Path, file: str, before: str, after: str) -> None:
    path = home / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def findings(name: str = "nhi_overdue") -> list[str]:
    """The lines of the error, without the file that each begins with."""
    with pytest.raises(BadSettings) as raised:
        load_campaign(name)
    lines = str(raised.value).splitlines()
    assert all(line.startswith(f"config/campaigns/{name}.toml: ") and line.endswith("。") for line in lines)
    return [line.split(": ", 1)[1] for line in lines]


def city_findings() -> list[str]:
    with pytest.raises(BadSettings) as raised:
        load_city()
    lines = str(raised.value).splitlines()
    assert all(line.startswith(f"{CITY}: ") and line.endswith("。") for line in lines)
    return [line.split(": ", 1)[1] for line in lines]


@pytest.mark.parametrize("name", campaign_names())
def test_every_shipped_campaign_is_valid(name: str) -> None:
    assert load_campaign(name).name == name


def test_the_arms_cover_everybody() -> None:
    arms = load_campaign("nhi_overdue").arms()
    assert arms[0][0] == "hold_out"
    assert arms[-1][1] == 1.0


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        (
            'section = "premium"',
            'section = "premum"',
            'section: config/city.toml の [sections] にありません（現在の値: "premum"）。もしかして premium ですか。',
        ),
        (
            'calendar = "nhi"',
            'calendar = "lunar"',
            (
                'timetable.calendar: config/city.toml の [calendars] にありません（現在の値: "lunar"）。'
                "使える名前: late_elderly、nhi、plan。"
            ),
        ),
        (
            'statement = "cohort/premium_overdue"',
            'statement = "cohort/nobody"',
            "cohort.statement: include/sql/cohort/nobody.sql がありません。名前をご確認ください。",
        ),
        (
            'params = { scheme = "nhi" }\n',
            "",
            "cohort.params.scheme: include/sql/cohort/premium_overdue.sql に必要な値です。書き加えてください。",
        ),
        (
            'scheme = "nhi" }',
            'scheme = "nhi", wave = 1 }',
            "cohort.params.wave: include/sql/cohort/premium_overdue.sql にこの名前の値はありません。使える名前: ",
        ),
        (
            'scheme = "nhi" }',
            "scheme = 1 }",
            "cohort.params.scheme: 引用符で囲んだ文字にしてください（現在の値: 1）。",
        ),
        (
            'scheme = "nhi" }',
            "scheme = 1.5 }",
            "cohort.params.scheme: 整数にしてください。または、引用符で囲んだ文字にしてください（現在の値: 1.5）。",
        ),
        ("call_rate = 0.15", "call_rate = -1", "pacing.call_rate: 0以上の数にしてください（現在の値: -1）。"),
        ("call_rate = 0.15", "call_rate = 1.5", "pacing.call_rate: 1以下の数にしてください（現在の値: 1.5）。"),
        ("call_rate = 0.15", 'call_rate = "?"', 'pacing.call_rate: 数にしてください（現在の値: "?"）。'),
        (
            "call_rate = 0.15",
            "call_rate = 0",
            "pacing: call_rate が0のときは通数の上限がなくなります。per_hour を書いてください。",
        ),
        (
            "per_occurrence = 2000",
            "per_occurrence = 0",
            "pacing.per_occurrence: 1以上の数にしてください（現在の値: 0）。",
        ),
        (
            "per_occurrence = 2000",
            "per_occurrence = 99.5",
            "pacing.per_occurrence: 整数にしてください（現在の値: 99.5）。",
        ),
        (
            "per_occurrence = 2000",
            "per_occurrence = 2000\nperhour = 80",
            "pacing.perhour: このような項目はありません。もしかして per_hour ですか。",
        ),
        (
            "share = 0.0",
            "share = 0.0\nzzz = 1",
            "hold_out.zzz: このような項目はありません。使える項目: share。",
        ),
        (
            "business_days_after_due = 2",
            'business_days_after_due = 2\nweekdays = ["mon"]',
            "timetable.weekdays: このような項目はありません。使える項目: kind、calendar、business_days_after_due、at。",
        ),
        ('title = "国', 'name = "国', "title: この項目がありません。書き加えてください。"),
        ('section = "premium"', "section = 3", "section: 引用符で囲んだ文字にしてください（現在の値: 3）。"),
        ('at = "10:00"', 'at = "25:00"', 'timetable.at: 時刻は "10:00" のように書いてください（現在の値: "25:00"）。'),
        ('at = "10:00"', "at = 10", 'timetable.at: 時刻は "10:00" のように書いてください（現在の値: 10）。'),
        (
            'at = "10:00"',
            'at = "10:00+09:00"',
            'timetable.at: 時刻は "10:00" のように書いてください（現在の値: "10:00+09:00"）。',
        ),
        (
            "[freshness]",
            "[freshness]\npayments = 1",
            'freshness.payments: この名前の table は config/extracts にありません（現在の値: "payments"）。',
        ),
        ("payment = 1", "payment = 99", "freshness.payment: 31以下の数にしてください（現在の値: 99）。"),
        ("share = 0.0", "share = 1.0", "hold_out.share: 1より小さい数にしてください（現在の値: 1.0）。"),
        ("[hold_out]\nshare = 0.0", "", "hold_out: この項目がありません。書き加えてください。"),
        (
            "[hold_out]\nshare = 0.0",
            "[[hold_out]]\nshare = 0.0",
            "hold_out: 値ではなく、項目の集まり（[見出し] とその下の行）にしてください。",
        ),
        ("share = 0.0", "share = nan", "hold_out.share: 数にしてください（現在の値: nan）。"),
        ("weight = 1", "weight = inf", "variants（1番目）.weight: 数にしてください（現在の値: inf）。"),
        ("version = 1", "version = 0", "variants（1番目）.version: 1以上の数にしてください（現在の値: 0）。"),
        ('name = "relief"', 'name = "plain"', "variants に同じ name のものがあります。別の名前にしてください。"),
        (
            'gateway_conn_id = "karaden"',
            'gateway_conn_id = "karaden"\nhand_over = "fax"',
            'sending.hand_over: 次のどれかにしてください: "api"、"console"（現在の値: "fax"）。',
        ),
        (
            'gateway_conn_id = "karaden"',
            'gateway_conn_id = "karaden"\nhand_over = "console"\nconsole = "nowhere"',
            "sending.console: config/gateways/nowhere.toml がありません。",
        ),
        (
            'gateway_conn_id = "karaden"',
            'gateway_conn_id = "karaden"\nhand_over = "console"',
            'sending: hand_over = "console" と console = "名前" は、両方書くか、両方とも書かないでください。',
        ),
        (
            'gateway_conn_id = "karaden"',
            'gateway_conn_id = "karaden"\nat_once = 0',
            "sending.at_once: 1以上の数にしてください（現在の値: 0）。",
        ),
        (
            'gateway_conn_id = "karaden"',
            'gateway_conn_id = "karaden"\nat_once = 33',
            "sending.at_once: 32以下の数にしてください（現在の値: 33）。",
        ),
        (
            'gateway_conn_id = "karaden"',
            'gateway_conn_id = "karaden"\nat_once = 2.5',
            "sending.at_once: 整数にしてください（現在の値: 2.5）。",
        ),
        (
            'gateway_conn_id = "karaden"',
            'gateway_conn_id = "karaden"\nhand_over = "console"\nconsole = "console"\nat_once = 4',
            "sending: at_once は、コンソールで引き渡すときには使いません。この行を削除してください。",
        ),
        ('title = "国', 'name = "x"\ntitle = "国', "name: 名前はファイル名で決まります。この行を削除してください。"),
    ],
)
def test_a_mistake_is_told_with_file_key_and_sentence(home: Path, before: str, after: str, finding: str) -> None:
    spoil(home, NHI, before, after)
    assert any(line.startswith(finding) for line in findings()), findings()


def test_all_mistakes_are_told_at_once(home: Path) -> None:
    spoil(home, NHI, "call_rate = 0.15", "call_rate = -1\nperday = 5")
    spoil(home, NHI, 'section = "premium"', 'section = "nowhere"')
    spoil(home, NHI, "payment = 1", "salary = 1")
    spoil(home, NHI, 'calendar = "nhi"\n', "")
    assert [line.split(": ")[0] for line in findings()] == [
        "timetable.calendar", "pacing.call_rate", "pacing.perday", "section", "freshness.salary",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        (
            '"tue", "fri"',
            '"tue", "sat"',
            'timetable.weekdays（2番目）: 次のどれかにしてください: "mon"、"tue"、"wed"、"thu"、"fri"（',
        ),
        ('"tue", "fri"', '"tue", "tue"', "timetable: weekdays に同じ曜日が2回あります。"),
        ('"tue", "fri"', "", "timetable.weekdays: 1個以上書いてください（現在は0個）。"),
        ('["tue", "fri"]', '"tue"', 'timetable.weekdays: 角かっこ [ ] で囲んで並べてください（現在の値: "tue"）。'),
        ('"08-01"', '"8-1"', 'timetable.first: 暦にある月と日を 08-01 のように書いてください（現在の値: "8-1"）。'),
        ('"09-30"', '"09-31"', 'timetable.last: 暦にある月と日を 08-01 のように書いてください（現在の値: "09-31"）。'),
        ('"09-30"', '"02-29"', "timetable.last: 02-29 は毎年ある日ではありません。02-28 か 03-01 にしてください"),
        ('"09-30"', '"08-03"', "timetable: この期間と曜日では、開庁日のない年があります（2026年など）。"),
        (
            'first = "08-01"',
            'calendar = "nhi"',
            "timetable.calendar: このような項目はありません。使える項目: kind、week",
        ),
        ('"in_season"', '"sometimes"', "timetable: kind は次のどちらかにしてください: after_due_date、in_season。"),
        ('kind = "in_season"', "", "timetable: kind は次のどちらかにしてください: after_due_date、in_season。"),
        ("wave = 1", 'wave = "1"', 'cohort.params.wave: 整数にしてください（現在の値: "1"）。'),
        ("season_quota = 1800", "season_quota = 0", "pacing.season_quota: 1以上の数にしてください（現在の値: 0）。"),
    ],
)
def test_a_mistake_in_a_season(home: Path, before: str, after: str, finding: str) -> None:
    spoil(home, HEALTH, before, after)
    assert any(line.startswith(finding) for line in findings("health_check")), findings("health_check")


def test_a_campaign_in_season_needs_no_calendar() -> None:
    assert load_campaign("health_check").occurrences(load_city()) == SeasonTimetable(
        (1, 4), MonthDay(8, 1), MonthDay(9, 30), time(10)
    )


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ('opens = "09:00"', 'opens = "18:00"', "send_window: opens は closes より早い時刻にしてください。"),
        ("first_month = 6", "first_month = 3", "calendars.nhi.first_month: 4以上の数にしてください（現在の値: 3）。"),
        (
            "instalments = 10",
            "instalments = 13",
            "calendars.nhi.instalments: 12以下の数にしてください（現在の値: 13）。",
        ),
        ("calls_per_hour = 12\n", "", "sections.premium.calls_per_hour: この項目がありません。書き加えてください。"),
        ("yen_per_part = 11.0", "yen_per_part = 0", "yen_per_part: 0より大きい数にしてください（現在の値: 0）。"),
        ('"督促"', '" "', 'wording.forbidden（1番目）: 文字か数字を1つ以上含めてください（現在の値: " "）。'),
        ('"督促"', '""', 'wording.forbidden（1番目）: 1文字以上にしてください（現在の値: ""）。'),
        ("[holidays]", "[holiday]", "holiday: このような項目はありません。もしかして holidays ですか。"),
        ("notices_days = 90", "notices_days = 5", "retention.notices_days: 30以上の数にしてください（現在の値: 5）。"),
        ("subjects_days = 180", "subjects_days = 60", "retention: subjects_days は notices_days 以上にしてください"),
        (
            "minimum_gap_days = 14",
            "minimum_gap_days = 91",
            "retention.notices_days は screening.minimum_gap_days 以上に",
        ),
        ("files_days = 30", "file_days = 30", "retention.file_days: このような項目はありません。もしかして files_days"),
        (
            '"12-29"',
            '"12/29"',
            'holidays.year_end_first: 暦にある月と日を 08-01 のように書いてください（現在の値: "12/29"）。',
        ),
        (
            'year_end_first = "12-29"\nyear_end_last = "01-03"',
            'year_end_first = "01-03"\nyear_end_last = "12-29"',
            "holidays: 年末年始の休み（1月3日から12月29日まで）が14日を超えています。year_end_first と",
        ),
        (
            "also_closed = []",
            "also_closed = [2026-10-01, 20261001]",
            "holidays.also_closed（2番目）: 日付は 2026-10-01 のように書いてください（現在の値: 20261001）。",
        ),
        (
            "also_closed = []",
            'also_closed = ["10-01"]',
            'holidays.also_closed（1番目）: 日付は 2026-10-01 のように書いてください（現在の値: "10-01"）。',
        ),
        (
            "also_closed = []",
            "also_closed = 2026-10-01",
            "holidays.also_closed: 角かっこ [ ] で囲んで並べてください（現在の値: 2026-10-01）。",
        ),
    ],
)
def test_a_mistake_in_the_citys_settings(home: Path, before: str, after: str, finding: str) -> None:
    spoil(home, CITY, before, after)
    assert any(line.startswith(finding) for line in city_findings()), city_findings()


def test_the_citys_mistake_is_told_as_the_citys(home: Path) -> None:
    spoil(home, CITY, 'opens = "09:00"', 'opens = "18:00"')
    with pytest.raises(BadSettings, match=r"^config/city\.toml: send_window: "):
        load_campaign("nhi_overdue")


def test_the_offices_own_closures_reach_timetables_and_the_send_window(home: Path) -> None:
    spoil(home, CITY, "also_closed = []", 'also_closed = [2026-10-02, "2026-10-01", 2026-10-02]')
    spoil(home, CITY, 'year_end_last = "01-03"', 'year_end_last = "01-05"')
    city = load_city()
    office = OfficeCalendar(MonthDay(12, 29), MonthDay(1, 5), (date(2026, 10, 1), date(2026, 10, 2)))
    assert city.office() == city.window().office == office
    due = DueDateTimetable(InstalmentCalendar(6, 10, office), 2, time(10))
    season = SeasonTimetable((1, 4), MonthDay(8, 1), MonthDay(9, 30), time(10), office)
    assert load_campaign("nhi_overdue").occurrences(city) == due
    assert load_campaign("health_check").occurrences(city) == season


def test_the_shipped_closures_are_the_usual_ones() -> None:
    assert load_city().office() == OfficeCalendar()


def test_a_season_that_the_offices_own_closures_leave_without_a_day(home: Path) -> None:
    spoil(home, HEALTH, '"09-30"', '"08-07"')
    spoil(home, HEALTH, '"tue", "fri"', '"tue"')
    assert load_campaign("health_check")
    spoil(home, CITY, "also_closed = []", "also_closed = [2026-08-04]")
    assert "2026年など" in findings("health_check")[0]


def test_the_wording_rules_are_written_out_as_they_are_without_settings() -> None:
    assert load_city().wording == Wording()


# Not TOML, not there


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ('title = "国', "title = 国", '3行目の9文字目: 値の書き方が正しくありません。文字は "…" で囲み、'),
        ('section = "premium"', 'section "premium"', "4行目の9文字目: 項目名のあとに「=」がありません。"),
        ('section = "premium"', 'section = "premium', "4行目の19文字目: ここに使えない文字があります。"),
        ('section = "premium"', 'section = ["premium"', "5行目の1文字目: 「[」が閉じられていません。"),
        ('section = "premium"', "section = [", "5行目の1文字目: 値の書き方が正しくありません。"),
        ('kind = "payment"', 'section = "x"', "5行目の14文字目: 同じ項目が2回書かれています。"),
        (
            "[pacing]",
            "［pacing］",
            "17行目の1文字目: 項目名に使えない文字があります。全角の記号や空白がないか、ご確認ください。",
        ),
        ("[pacing]", "[cohort]", "17行目の8文字目: 同じ見出しが2回書かれています。"),
        ("[pacing]", "[pacing", "17行目の8文字目: 見出しの終わりに「]」がありません。"),
        ('kind = "payment"', "kind = 2026-02-30", "5行目の8文字目: 暦にない日付か時刻です。"),
        ("share = 0.0", "share = 0.0 0.1", "34行目の13文字目: 値のあとに余分な文字があります。"),
    ],
)
def test_a_file_that_is_no_toml(home: Path, before: str, after: str, finding: str) -> None:
    spoil(home, NHI, before, after)
    assert [line for line in findings() if line.startswith(finding)] == findings()


def test_a_text_without_its_end(home: Path) -> None:
    path = home / CITY
    path.write_text(path.read_text(encoding="utf-8") + '\nnote = """', encoding="utf-8")
    assert city_findings() == ["ファイルの終わり: 引用符が閉じられていません。"]


def test_a_file_in_another_encoding(home: Path) -> None:
    path = home / NHI
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp932"))
    assert findings() == ["文字コードが UTF-8 ではありません。UTF-8 で保存し直してください。"]


def test_a_mark_before_the_text_does_no_harm(home: Path) -> None:
    path = home / NHI
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig", newline="\r\n")
    assert load_campaign("nhi_overdue").name == "nhi_overdue"


def test_settings_that_are_missing(home: Path) -> None:
    (home / CITY).unlink()
    assert city_findings() == ["ファイルがありません。配布元のファイルか控えから元に戻してください。"]


def test_settings_that_cannot_be_opened(home: Path) -> None:
    (home / CITY).unlink()
    (home / CITY).mkdir()
    assert city_findings()[0].startswith("ファイルを開けません（")


def test_an_unknown_campaign_names_those_that_there_are() -> None:
    with pytest.raises(UnknownCampaign) as raised:
        load_campaign("nhi_overdu")
    assert str(raised.value) == (
        "config/campaigns/nhi_overdu.toml: ファイルがありません。作成するか、DAG に書かれた名前をご確認ください。"
        f"もしかして nhi_overdue ですか。使える名前: {'、'.join(campaign_names())}。"
    )


# Other files


def test_mistakes_in_a_console(home: Path) -> None:
    spoil(home, "config/gateways/console.toml", 'staging = "staging"', 'staging = "../staging"')
    spoil(home, "config/gateways/console.toml", '"着信" = "delivered"', '"着信" = "arrived"')
    with pytest.raises(BadSettings) as raised:
        load_console("console")
    assert str(raised.value).splitlines() == [
        (
            "config/gateways/console.toml: folders.staging: 決められたフォルダの中のフォルダ名にしてください"
            '（/ で始まる名前、.. や \\ を含む名前は使えません）（現在の値: "../staging"）。'
        ),
        (
            "config/gateways/console.toml: result.words.着信: 次のどれかにしてください: "
            '"pending"、"delivered"、"undelivered"、"failed"、"cancelled"（現在の値: "arrived"）。'
        ),
    ]


def test_mistakes_in_an_extract(home: Path) -> None:
    spoil(home, "config/extracts/payments.toml", 'key = ["payment_id"]', 'key = ["payment"]')
    with pytest.raises(BadSettings) as raised:
        load_layouts()
    assert str(raised.value) == (
        "config/extracts/payments.toml: key か one_of にある次の列が columns にありません: payment。"
    )


def test_a_mistake_in_an_extract_stops_the_ingest_and_no_campaign(home: Path) -> None:
    titles = extract_titles()
    spoil(home, "config/extracts/payments.toml", 'mode = "snapshot"', 'mode = "whole"')
    assert extract_titles() == titles
    spoil(home, "config/extracts/plans.toml", "title", "[title")
    assert "plan" not in extract_titles()
    for name in campaign_names():
        assert load_campaign(name)


def test_a_mistake_where_extracts_arrive(home: Path) -> None:
    spoil(home, "config/ingest.toml", 'complete = "settled"', 'complete = "maybe"')
    with pytest.raises(BadSettings, match=r"^config/ingest\.toml: complete: 次のどれかにしてください"):
        load_ingest()


# Sentences


class Odd(BaseModel):
    """What no settings say today."""

    is_on: bool = False
    odd: int = Field(default=0, multiple_of=3)
    code: str = Field(default="a", pattern="^[a-z]$", max_length=2)
    days: tuple[date, ...] = Field(default=(), max_length=1)


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ({"is_on": "maybe"}, 'is_on: true か false にしてください（現在の値: "maybe"）。'),
        ({"odd": 4}, "odd: この値は使えません（Input should be a multiple of 3）（現在の値: 4）。"),
        ({"code": "9"}, 'code: 正規表現 ^[a-z]$ に合う文字にしてください（現在の値: "9"）。'),
        ({"code": "a" * 60}, f'code: 2文字以下にしてください（現在の値: "{"a" * 40}…"）。'),
        ({"code": False}, "code: 引用符で囲んだ文字にしてください（現在の値: false）。"),
        (
            {"days": ["2026-02-30"]},
            'days（1番目）: 日付は 2026-10-01 のように書いてください（現在の値: "2026-02-30"）。',
        ),
        ({"days": ["2026-02-01", "2026-02-02"]}, "days: 1個以下にしてください（現在は2個）。"),
    ],
)
def test_other_types_of_error(content: dict[str, object], finding: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Odd.model_validate(content)
    assert [str(each) for each in findings_of(raised.value, Odd, content)] == [finding]


def test_no_machines_path_is_shown(tmp_path: Path) -> None:
    assert shown_path(project_home() / "config" / "city.toml") == CITY
    assert shown_path(tmp_path / "city.toml") == "city.toml"
