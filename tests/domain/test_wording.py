"""The rules of wording: what each rule finds, what it leaves alone, and tricks that do not get through."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oshirase.adapters.settings import load_campaign, load_city
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.wording import Rule, check_wording

CAMPAIGN = load_campaign("nhi_overdue")
CITY = load_city()
GOOD = (
    "阿良澄区です。国民健康保険料第4期分の納付確認のお知らせです。行き違いの場合はご容赦ください。"
    "お問合せ 保険料係 03-0000-1234（代表 03-0000-1000）"
)


def found(text: str, campaign: Campaign = CAMPAIGN, city: City = CITY) -> list[tuple[Rule, str]]:
    return [(finding.rule, finding.problem) for finding in check_wording("plain", text, campaign, city)]


def rules(text: str) -> set[Rule]:
    return {rule for rule, _ in found(text)}


def wording(**changes: Any) -> City:
    return CITY.model_copy(update={"wording": CITY.wording.model_copy(update=changes)})


BAD = [
    # Added to a good text: the rule, and the piece that it names.
    *[
        (Rule.FORBIDDEN, piece)
        for piece in (
            "督促", "催告", "差押", "差し押さえ", "サシオサエ", "最終通告", "最終期限", "至急",
            "督 促", "督　促", "督\u200b促", "督\u00ad促", "督・促", "督-促", "督\n促", "督\ufe00促", "督\U000e0100促",
            "督\u2800促", "督\u3164促", "\u7763\u4fc3", "⾄急", "トクソク", "ﾄｸｿｸ", "ﾄ ｸｿｸ", "とくそく", "とｸソく",
        )
    ],
    *[
        (Rule.LINK, piece)
        for piece in (
            "http://a", "https://example.jp/a?b=c#d", "HTTPS://EXAMPLE.JP", "ｈｔｔｐｓ：／／ｅｘａｍｐｌｅ．ｊｐ",
            "ftp://a", "foo://bar", "www.example", "ＷＷＷ．", "example.jp", "Example.JP", "city.example.lg.jp",
            "city.example.lg.jp:8080/path", "a-b1.jp", "bit.ly/3abc", "ｅｘａｍｐｌｅ．ｊｐ", "example。jp",
            "example｡com", "110.tokyo",
            "city。example。lg。jp", "example\u200b.jp", "exam\u00adple.jp", "е\u0445ample.jp", "ехамрӏе.јр",
            "ехамрӏе。јр", "εxample.com", "éxample.jp", "пример.рф", "区.jp", "ど.jp",
            "1.com", "例.みんな", "例.クラウド",
            "example.xn--p1ai", "info@example.jp", "ｉｎｆｏ＠ｅｘａｍｐｌｅ．ｊｐ", "info@city", "mailto:info",
            "tel:0300001234", "tel：+8130", "sms:09000000000", "192.168.0.1", "ⓔⓧⓐⓜⓟⓛⓔ.ⓙⓟ",
        )
    ],
    *[
        (Rule.AMOUNT, piece)
        for piece in (
            "12000円", "12,000円", "１２，０００円", "12000 円", "12\u200b000円", "1万2千円", "一万二千円", "千円",
            "5円",
            "¥12000", "￥１２０００", "¥ 12,000", "\\12000", "12000yen", "JPY12000",
        )
    ],
]  # fmt: skip


@pytest.mark.parametrize(("rule", "piece"), BAD, ids=[f"{rule}:{piece!r}" for rule, piece in BAD])
def test_what_a_text_must_not_say(rule: Rule, piece: str) -> None:
    pieces = [problem for finding, problem in found(f"{GOOD}※{piece}※") if finding is rule]
    assert [f"「{piece}」" in problem for problem in pieces] == [True]


ORDINARY = [
    "12.5%", "8:30-17:15", "8：30～17：15", "03-0000-1234", "令和8.9.30", "2026.9.30", "No.3", "No．3", "SMS。Web。FAX",
    "TEL:03-0000-1234", "TEL：03-0000-1234", "Tel 03-0000-1234", "1.SMS 2.FAX", "です．ます．", "A。B", "U.S.",
    "午前a.m.8時",
    "お待ちください...", "お待ちください…", "区内一円", "03-0000-1234\n円滑に", "9月30日、円満に", "納付を促す",
    "監督、促進",
    "支給", "最終日", "差額", "50%", "1/2", "①②", "(1)", "NHI/国保", "第4期分:", "@", "#", "円", "74歳", "区。jp",
]  # fmt: skip


@pytest.mark.parametrize("piece", ORDINARY)
def test_what_a_text_may_say(piece: str) -> None:
    assert found(f"{GOOD}{piece}") == []


@pytest.mark.parametrize(
    ("text", "rule", "problem"),
    [
        (GOOD.replace("阿良澄区", "区役所"), Rule.CITY, "阿良澄区"),
        (GOOD.replace("03-0000-1234", "窓口"), Rule.SECTION_PHONE, "「03-0000-1234」がありません"),
        (GOOD.replace("03-0000-1234", "03-0000-12345"), Rule.SECTION_PHONE, "03-0000-1234"),
        (GOOD.replace("03-0000-1234", "103-0000-1234"), Rule.SECTION_PHONE, "03-0000-1234"),
        (
            GOOD.replace("03-0000-1234", "０３－００００－１２３４"),
            Rule.SECTION_PHONE,
            "「０３－００００－１２３４」は",
        ),
        (GOOD.replace("03-0000-1234", "03(0000)1234"), Rule.SECTION_PHONE, "「03(0000)1234」は"),
        (GOOD.replace("03-0000-1234", "0300001234"), Rule.SECTION_PHONE, "「0300001234」は"),
        (GOOD.replace("03-0000-1000", "代表"), Rule.REPRESENTATIVE_PHONE, "「03-0000-1000」がありません"),
        (GOOD.replace("03-0000-1000", "03‐0000‐1000"), Rule.REPRESENTATIVE_PHONE, "「03‐0000‐1000」は"),
        (GOOD.replace("行き違い", "ご納付済み"), Rule.CROSSING, "「行き違い」"),
        (GOOD + "あ" * 70, Rule.PARTS, "3通分"),
    ],
)
def test_what_a_text_must_say_and_how_long_it_may_be(text: str, rule: Rule, problem: str) -> None:
    ((found_rule, found_problem),) = found(text)
    assert found_rule is rule
    assert problem in found_problem


def test_a_text_of_one_part_is_shift_jis() -> None:
    short = "阿良澄区です。行き違いはご容赦を。03-0000-1234（代表03-0000-1000）"
    assert found(short) == []
    ((rule, problem),) = found(short + "髙")
    assert (rule, "「髙」" in problem) == (Rule.UNSENDABLE, True)


def test_all_findings_come_at_once_each_a_sentence_with_its_place() -> None:
    findings = check_wording("plain", "督促: example.jp へ12,000円" + "あ" * 661, CAMPAIGN, CITY)
    assert {finding.rule for finding in findings} == set(Rule) - {Rule.TEMPLATE}
    assert all(str(f).startswith("文面「plain」: ") and str(f).endswith("。") for f in findings)


def test_a_campaign_may_permit_links() -> None:
    assert found(GOOD + "example.jp", CAMPAIGN.model_copy(update={"allows_links": True})) == []


def test_information_needs_no_crossing_sentence() -> None:
    information = CAMPAIGN.model_copy(update={"kind": "information"})
    assert found(GOOD.replace("行き違いの場合はご容赦ください。", ""), information) == []


def test_the_rules_are_settings() -> None:
    assert found(GOOD, city=wording(forbidden=("納付",)))[0][0] is Rule.FORBIDDEN
    assert found(GOOD, city=wording(crossing=("すれ違い", "行き違い"))) == []
    assert found(GOOD, city=wording(crossing=("すれ違い",)))[0][0] is Rule.CROSSING
    assert found(GOOD, city=wording(most_parts=1))[0][0] is Rule.PARTS


@pytest.mark.parametrize("phone", ["０３-0000-1000", "0300001000", "03-0000-1000 代表", "+81-3-0000-1000"])
def test_a_number_of_the_settings_that_no_telephone_dials(phone: str) -> None:
    city = CITY.model_copy(update={"representative_phone": phone})
    ((rule, problem),) = found(GOOD.replace("03-0000-1000", phone), city=city)
    assert (rule, phone in problem) == (Rule.REPRESENTATIVE_PHONE, True)


def inserted(piece: str, place: int) -> str:
    place %= len(GOOD) + 1
    return GOOD[:place] + piece + GOOD[place:]


HALF_KATAKANA = str.maketrans("とくそさしおえ", "ﾄｸｿｻｼｵｴ")
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
BETWEEN = st.sampled_from(["", " ", "　", "\n", "\u200b", "\u2060", "\u00ad", "\ufeff", "・", "･", "-", ". ", "\ufe0f"])


@st.composite
def disguised_words(draw: st.DrawFn) -> str:
    word = draw(st.sampled_from(CITY.wording.forbidden))
    word = draw(st.sampled_from([word, word.translate(HALF_KATAKANA)]))
    return "".join(character + draw(BETWEEN) for character in word)


@given(disguised_words(), st.integers(min_value=0))
def test_no_disguise_gets_a_forbidden_word_through(word: str, place: int) -> None:
    assert Rule.FORBIDDEN in rules(inserted(word, place))


LOOK_ALIKE = str.maketrans("aeopcx", "аеорсх")
LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DISGUISE = st.sampled_from(
    [str, str.upper, lambda d: d.translate(FULL_WIDTH), lambda d: d.translate(LOOK_ALIKE), "\u200b".join]
)
ENDING = st.sampled_from(["jp", "com", "lg.jp", "go.jp", "info", "ly", "me", "xn--p1ai"])


@given(LABEL, ENDING, DISGUISE, st.integers(min_value=0))
def test_a_domain_anywhere_is_found(label: str, ending: str, disguise: Any, place: int) -> None:
    assert Rule.LINK in rules(inserted(disguise(f"{label}.{ending}"), place))


@given(LABEL, st.sampled_from(["jp", "com", "lg。jp", "ly"]), st.sampled_from("。｡"), st.integers(min_value=0))
def test_a_domain_with_japanese_full_stops_anywhere_is_found(label: str, ending: str, stop: str, place: int) -> None:
    assert Rule.LINK in rules(inserted(f"{label}。{ending}".replace("。", stop), place))
