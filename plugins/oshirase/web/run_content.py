"""Everything that a run's page and its report have in common."""

from typing import Any

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.domain.campaign import Campaign, City
from oshirase.errors import BadSettings, UnknownCampaign
from oshirase.services import run_course
from oshirase.services.run_events import list_events
from oshirase.services.run_funnel import build_funnel
from oshirase.services.run_review import STAGE_LABELS, RunReview
from oshirase.services.run_waiting import list_waiting
from oshirase.web.language import N_, Language, translations
from oshirase.web.run_figures import FunnelRow, bookings_figure, funnel_row, receipts_figure, settled_figure

DECISIONS = {"approved": N_("承認"), "rejected": N_("差戻し")}
EVENTS = {
    "opened": N_("実行回を開きました"),
    "triggered": N_("手動での実行を依頼しました"),
    "backfilled": N_("予定日を過ぎた回の実行を依頼しました"),
    "changed_text": N_("文面を変更しました"),
    "planned": N_("送信の対象と予約を決め、承認を依頼しました"),
    "planned_anew": N_("内容が変わったため立て直し、改めて承認を依頼しました"),
    "approved": N_("承認しました"),
    "rejected": N_("差し戻しました"),
    "first_hand_over": N_("事業者への引渡しを始めました"),
    "last_hand_over": N_("直近の引渡しをしました"),
    "first_receipt": N_("最初の送達結果を受け取りました"),
    "last_receipt": N_("直近の送達結果を受け取りました"),
    "stopped": N_("送信を停止しました"),
    "expired": N_("送信せずに終了しました"),
    "list_downloaded": N_("一覧をダウンロードしました"),
    "report_downloaded": N_("報告書をダウンロードしました"),
    "person_looked_up": N_("お一人の状況を照会しました"),
}
SETTLED_BY = {"check_up": N_("送信後の受診")}
SETTLED = N_("送信後の納付")


def run_content(review: RunReview, language: Language) -> dict[str, Any]:
    """What both show of a run; sentences are translated here only where a picture has to say them."""
    settings = settings_of(review.run.campaign)
    return {
        "review": review,
        "run": review.run,
        "tally": review.tally,
        "title": settings[0].title if settings else review.run.campaign,
        "stage": STAGE_LABELS[review.stage],
        "decisions": DECISIONS,
        "event_labels": EVENTS,
        "events": list_events(campaign_engine(), review.run.campaign_run_id, review.tally),
        "funnel": _funnel(review, language),
        "waiting": list_waiting(review, settings, clock.now()),
        "cost": run_course.count_cost(review.tally),
        "yen_per_part": settings[1].yen_per_part if settings else None,
        **_texts(review),
        **_course(review, settings, language),
    }


def _funnel(review: RunReview, language: Language) -> FunnelRow:
    funnel = build_funnel(review.tally, is_approved=review.run.approved_at is not None)
    return funnel_row(funnel, translations(language).gettext)


def settings_of(campaign: str) -> tuple[Campaign, City] | None:
    """Settings that cannot be read must not keep anybody from seeing a run."""
    try:
        return load_campaign(campaign), load_city()
    except (BadSettings, UnknownCampaign):
        return None


def _texts(review: RunReview) -> dict[str, Any]:
    notices, handed_over, arms = run_course.count_texts(review.tally)
    variants: dict[str, list[dict[str, Any]]] = {}
    for text in review.texts:
        if many := notices[text.text_id]:
            shown = {"text": text, "notices": many, "handed_over": handed_over[text.text_id]}
            variants.setdefault(text.variant, []).append(shown)
    for texts in variants.values():
        texts.sort(key=lambda shown: -shown["notices"])
    return {"variants": variants, "arms": arms}


def _course(review: RunReview, settings: tuple[Campaign, City] | None, language: Language) -> dict[str, Any]:
    say = translations(language).gettext
    booked, received = run_course.list_booked_hours(review.tally), run_course.list_received_hours(review.tally)
    settled = run_course.list_settled_days(review.settled)
    room = run_course.room_in_hour(*settings) if settings else None
    settled_title = SETTLED_BY.get(review.subject_kind or "", SETTLED)
    return {
        "booked": booked,
        "booked_figure": bookings_figure(booked, room, say),
        "room": room,
        "call_rate": settings[0].pacing.call_rate if settings else None,
        "received": received,
        "received_figure": receipts_figure(received, say),
        "can_be_settled": review.subject_kind not in {None, "information"},
        "settled": settled,
        "settled_title": settled_title,
        "settled_figure": settled_figure(settled, say(settled_title), say),
    }
