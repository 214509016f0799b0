"""Wording: what a text must and must not say before anyone can approve it, all findings at once."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from oshirase.domain.campaign import Campaign, City
from oshirase.domain.text import count_parts, find_unsendable, utf16_units


class Rule(StrEnum):
    """What a text is held against."""

    TEMPLATE = "template"
    FORBIDDEN = "forbidden"
    LINK = "link"
    CITY = "city"
    SECTION_PHONE = "section_phone"
    REPRESENTATIVE_PHONE = "representative_phone"
    CROSSING = "crossing"
    AMOUNT = "amount"
    PARTS = "parts"
    UNSENDABLE = "unsendable"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a variant's text; as a string, a sentence for staff."""

    rule: Rule
    variant: str
    problem: str

    def __str__(self) -> str:
        return f"文面「{self.variant}」: {self.problem}"


def check_wording(variant: str, text: str, campaign: Campaign, city: City) -> list[Finding]:
    """Everything that speaks against sending a rendered text, in the order of the rules."""
    problems = (*_must_not_say(text, campaign, city), *_must_say(text, campaign, city), *_must_fit(text, city))
    return [Finding(rule, variant, problem) for rule, problem in problems]


def _must_not_say(text: str, campaign: Campaign, city: City) -> Iterator[tuple[Rule, str]]:
    for piece in _forbidden_pieces(text, city.wording.forbidden):
        yield Rule.FORBIDDEN, f"使えない語「{piece}」があります。"
    if not campaign.allows_links:
        for piece in _read(text, with_spaces=True).pieces(_LINK):
            yield Rule.LINK, f"リンクになる「{piece}」があります。"
    for piece in _read(text).pieces(_AMOUNT):
        yield Rule.AMOUNT, f"金額と読める「{piece}」があります。"


def _must_say(text: str, campaign: Campaign, city: City) -> Iterator[tuple[Rule, str]]:
    if city.name not in text:
        yield Rule.CITY, f"「{city.name}」の名がありません。"
    phones = (
        (Rule.SECTION_PHONE, "担当の電話番号", city.sections[campaign.section].phone),
        (Rule.REPRESENTATIVE_PHONE, "代表電話番号", city.representative_phone),
    )
    for rule, called, phone in phones:
        if problem := _phone_problem(text, called, phone):
            yield rule, problem
    crossing = city.wording.crossing
    if campaign.kind == "payment" and not any(words in text for words in crossing):
        yield Rule.CROSSING, f"行き違いの一文（「{'」または「'.join(crossing)}」を含む文）がありません。"


def _must_fit(text: str, city: City) -> Iterator[tuple[Rule, str]]:
    most_parts = city.wording.most_parts
    if (parts := count_parts(text)) > most_parts:
        yield Rule.PARTS, f"{parts}通分（{utf16_units(text)}文字）です。{most_parts}通分までにしてください。"
    for problem in find_unsendable(text):
        yield Rule.UNSENDABLE, problem


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text as the eye reads it: forms of one character made one, and where each came from."""

    original: str
    read: str
    places: list[int]

    def pieces(self, pattern: re.Pattern[str]) -> list[str]:
        """The different pieces of the original that the pattern finds in the reading."""
        found = pattern.finditer(self.read)
        return list(dict.fromkeys(self.original[self.places[m.start()] : self.places[m.end() - 1] + 1] for m in found))


# Hangul fillers and the empty braille cell: letters and symbols by category, blank on the screen.
_BLANK = "\u115f\u1160\u2800"


def _read(text: str, *, with_spaces: bool = False) -> _Reading:
    """Full and half width made one; accents, variation selectors, zero-width characters and blanks taken out."""
    pairs = [
        (character, place)
        for place, written in enumerate(text)
        for character in unicodedata.normalize("NFKD", written)
        if (with_spaces and character.isspace())
        or not (character in _BLANK or unicodedata.category(character) in {"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"})
    ]
    return _Reading(text, "".join(character for character, _ in pairs), [place for _, place in pairs])


_HIRAGANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}


def _forbidden_pieces(text: str, words: tuple[str, ...]) -> list[str]:
    """Also in the other kana, and with up to three dots or dashes between the characters of a word."""
    reading = _read(text)
    folded = _Reading(text, reading.read.translate(_HIRAGANA), reading.places)
    pieces: dict[str, None] = {}
    for word in words:
        characters = _read(word).read.translate(_HIRAGANA)
        pattern = re.compile(r"[^\w、。,]{0,3}".join(map(re.escape, characters)), re.IGNORECASE)
        pieces.update(dict.fromkeys(folded.pieces(pattern)))
    return list(pieces)


# A letter that is not Japanese: Latin, and what looks like it in Greek, Cyrillic, Cherokee, Lisu and so on.
_LETTER = r"[^\W\d_\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
_TAIL = rf"(?:{_LETTER}|[\d./?#&=%~_:@+-])*"
# Where the label could be ordinary text (区です.ok, 1.SMS, SMS。FAX), only endings that telephones know make a link.
_KNOWN_ENDING = (
    rf"(?:com|net|org|info|biz|app|dev|xyz|top|shop|site|online|store|link|click|club|vip|work|tokyo|{_LETTER}{{2}})"
    rf"(?!{_LETTER})"
)
_JAPANESE_ENDING = "|".join(_read(ending).read for ending in ("みんな", "コム", "ストア", "クラウド", "世界", "企業"))
_LINK = re.compile(
    "|".join(
        (
            rf"(?:{_LETTER}|\d)*://{_TAIL}",
            rf"(?:https?|mailto):{_TAIL}",
            # TEL: in capitals is how Japanese texts introduce a number.
            rf"(?:(?-i:tel)|sms|smsto):(?=[+\d]){_TAIL}",
            rf"www\.{_TAIL}",
            rf"(?:{_LETTER}|[\d.+_-])+@(?:{_LETTER}|\d){_TAIL}",
            rf"(?:{_LETTER}|[\d.-])*{_LETTER}[\d-]*\.(?:{_LETTER}{{2}}){_TAIL}",
            rf"(?:{_LETTER}|[\d.。-])*{_LETTER}[\d-]*。{_KNOWN_ENDING}{_TAIL}",
            rf"[\d.-]*\w\.{_KNOWN_ENDING}{_TAIL}",
            rf"\w\.(?:{_JAPANESE_ENDING})(?!\w)",
            r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])",
        )
    ),
    re.IGNORECASE,
)

_KANJI_DIGIT = "〇零一二三四五六七八九十百千万億壱弐参拾萬"
_AMOUNT = re.compile(
    # Not 区内一円 (all over the ward), not 円滑 after a number.
    rf"(?:\d[\d,.]*(?:[十百千万億][\d,.]*)*|[{_KANJI_DIGIT}]{{2,}}|[{_KANJI_DIGIT.replace('一', '')}])"
    r"円(?![滑満形周卓])"
    # A backslash is a yen sign on Japanese telephones.
    r"|(?:[¥\\]|jpy)\d[\d,.]*|\d[\d,.]*(?:yen|jpy)",
    re.IGNORECASE,
)

_DIALLED = re.compile(r"0\d{1,4}-\d{1,4}-\d{3,4}", re.ASCII)


def _phone_problem(text: str, called: str, phone: str) -> str | None:
    if not _DIALLED.fullmatch(phone):
        return f"設定の{called}「{phone}」が、半角数字とハイフンの形ではありません。"
    if re.search(rf"(?<![\w-]){phone}(?![\w-])", text, re.ASCII):
        return None
    other_form = re.compile(r"\W{0,2}".join(re.findall(r"\d", phone)))
    if other_forms := _read(text).pieces(other_form):
        return f"{called}「{other_forms[0]}」は、そのままかけられる「{phone}」の形で書いてください。"
    return f"{called}「{phone}」がありません。"
