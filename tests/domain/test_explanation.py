"""What a clerk can say: a sentence for every state and every reason, and none that discloses protection."""

import pytest

from oshirase.domain.explanation import CONFIDENTIAL_REASONS, REASON_EXPLANATIONS, STATE_EXPLANATIONS, explain
from oshirase.domain.notice import OTHER_REASON_LABELS, SUPPRESSION_LABELS, NoticeState

SENTENCES = {**STATE_EXPLANATIONS, **REASON_EXPLANATIONS}


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
