"""What a clerk can say: a sentence for every state and every reason, and none that discloses protection."""

from datetime import date

import pytest

from oshirase.domain.explanation import (
    CONFIDENTIAL_REASONS,
    CROSSED,
    INFORMATION_SELECTED,
    REASON_EXPLANATIONS,
    SELECTION_EXPLANATIONS,
    SETTLED_SINCE,
    STATE_EXPLANATIONS,
    explain,
    explain_selection,
    explain_settlement,
)
from oshirase.domain.notice import OTHER_REASON_LABELS, SUPPRESSION_LABELS, NoticeState
from oshirase.domain.subject import SUBJECT_WORDS

SENTENCES = {
    **STATE_EXPLANATIONS,
    **REASON_EXPLANATIONS,
    **SELECTION_EXPLANATIONS,
    "information": INFORMATION_SELECTED,
    "crossed": CROSSED,
    "settled_since": SETTLED_SINCE,
}
SENT_ON = date(2026, 10, 2)


def test_every_state_has_its_sentence() -> None:
    assert set(STATE_EXPLANATIONS) == set(NoticeState)


def test_every_reason_has_its_sentence_and_there_is_none_more() -> None:
    assert list(REASON_EXPLANATIONS) == [*SUPPRESSION_LABELS, *OTHER_REASON_LABELS]


@pytest.mark.parametrize("key", SENTENCES)
def test_it_is_a_polite_sentence(key: str) -> None:
    assert SENTENCES[key].endswith(("です。", "ます。", "ません。", "ました。", "ませんでした。"))


@pytest.mark.parametrize("key", SENTENCES)
def test_no_sentence_tells_of_protection_or_threatens(key: str) -> None:
    assert not [word for word in ("支援措置", "保護", "差押", "滞納", "督促", "催告") if word in SENTENCES[key]]


@pytest.mark.parametrize("reason", CONFIDENTIAL_REASONS)
def test_what_must_not_be_told_is_circumscribed(reason: str) -> None:
    assert "個別の事情" in REASON_EXPLANATIONS[reason]


def test_a_state_and_its_reason_are_two_sentences() -> None:
    assert explain("cancelled", "settled") == [STATE_EXPLANATIONS[NoticeState.CANCELLED], "納付を確認できたためです。"]
    assert explain("failed", "error/410") == [STATE_EXPLANATIONS[NoticeState.FAILED]]
    assert explain("delivered", None) == [STATE_EXPLANATIONS[NoticeState.DELIVERED]]


@pytest.mark.parametrize("kind", [*SUBJECT_WORDS])
def test_every_kind_of_subject_says_why_it_concerned_somebody(kind: str) -> None:
    assert explain_selection(f"{kind}/2026/4/1") == SELECTION_EXPLANATIONS[kind]


def test_anything_else_is_information() -> None:
    assert explain_selection("public_notice/influenza/2026/1") == INFORMATION_SELECTED


@pytest.mark.parametrize(
    ("settled_on", "sent_on", "told"),
    [
        (None, SENT_ON, []),
        (SENT_ON, None, []),
        (date(2026, 10, 1), SENT_ON, [CROSSED]),
        (SENT_ON, SENT_ON, [CROSSED]),
        (date(2026, 10, 3), SENT_ON, [SETTLED_SINCE]),
    ],
)
def test_a_payment_that_crossed_with_the_message(
    settled_on: date | None, sent_on: date | None, told: list[str]
) -> None:
    assert explain_settlement(settled_on, sent_on) == told
