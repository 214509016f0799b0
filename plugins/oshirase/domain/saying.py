"""Sentences for staff that are told in more than one language: Japanese words with places for values."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from oshirase.domain.calendar import moment_in_words

Value = str | int | date | datetime


@dataclass(frozen=True)
class Saying:
    """A sentence: its Japanese `words` are the key of every other language's, `values` go into `%(name)s` of it."""

    words: str
    values: Mapping[str, Value]

    def told(self, translate: Callable[[str], str], put: Callable[[Value], str]) -> str:
        """The sentence in another language, its values put as one writes them there."""
        return translate(self.words) % {name: put(value) for name, value in self.values.items()}

    def __str__(self) -> str:
        return self.told(str, value_in_words)


def say(words: str, **values: Value) -> Saying:
    """A sentence of ours; tests find it by this call and hold it against the catalogues of the pages."""
    return Saying(words, values)


def in_japanese(sayings: Iterable[Saying]) -> str:
    """Several of them as one text."""
    return "".join(map(str, sayings))


def value_in_words(value: Value) -> str:
    """As in 10月2日（金）10:00, 10月2日, 1,234; words as they are."""
    if isinstance(value, datetime):
        return moment_in_words(value)
    if isinstance(value, date):
        return f"{value.month}月{value.day}日"
    return f"{value:,}" if isinstance(value, int) else value
