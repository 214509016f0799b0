"""What staff read before they decide, in the Airflow UI: subjects and bodies."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from airflow.sdk.configuration import conf
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from oshirase.adapters.settings import campaign_titles, load_campaign
from oshirase.domain.calendar import moment_in_words
from oshirase.domain.notice import STATE_LABELS, SUPPRESSION_LABELS, NoticeState
from oshirase.services.approval import Review, confirmation_code
from oshirase.services.campaign_run import StateCount
from oshirase.services.unknown import Undecided


@cache
def template(name: str) -> Template:
    """A Markdown template of `templates/`; a name that is not given to it is an error."""
    folder = Path(__file__).parent / "templates"
    # Markdown, not HTML, of which Airflow's own page shows nothing: what could be taken for it is escaped there.
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  # nosec B701
    )
    environment.filters["moment"] = moment_in_words
    return environment.get_template(name)


def approval_subject(reviews: Sequence[Review]) -> str:
    """One line: which campaign, which occurrence (and how many more), how many messages."""
    title = load_campaign(reviews[0].run.campaign).title
    day, recipients = reviews[0].run.occurrence_on, sum(review.recipients for review in reviews)
    more = f"ほか{len(reviews) - 1}回分" if len(reviews) > 1 else ""
    return f"{title}（{day.year}年{day.month}月{day.day}日分{more}・{recipients:,}件）の送信を承認しますか"


def approval_body(review: Review, others: Sequence[Review], until: datetime) -> str:
    """Markdown: what would be sent, to how many, who is left out and why, what is unusual, the confirmation code.

    `others` are missed occurrences that are decided together with it.
    """
    return template("approval.md.jinja").render(
        review=review,
        others=others,
        code=confirmation_code([review, *others]),
        until=until,
        page=run_page(review.run.campaign_run_id),
        askers="、".join(dict.fromkeys(request.asked_by for request in review.requests)),
        left_out=sorted((c for c in review.counts if c.state != NoticeState.PLANNED), key=_order_of_judgement),
        campaign=load_campaign(review.run.campaign),
        states=STATE_LABELS,
        reasons=SUPPRESSION_LABELS,
    )


def run_page(campaign_run_id: UUID) -> str:
    """Address of the run's review page, within Airflow."""
    return f"{conf.get('api', 'base_url', fallback='').rstrip('/')}/oshirase/runs/{campaign_run_id}"


def unanswered(review: Review) -> tuple[str, str]:
    """Subject and text for staff: nobody decided on a run in time."""
    title, day = load_campaign(review.run.campaign).title, review.run.occurrence_on
    subject = f"【送信なし】{title}（{day.year}年{day.month}月{day.day}日分）が承認されませんでした"
    text = (
        f"期限までに承認されなかったため、{review.cohort:,}人を対象とした「{title}」を送信せずに終了しました。\n"
        "送信が必要なときは、次の予定日の回で対象となります。お急ぎの場合は担当者へご相談ください。\n"
        f"{run_page(review.run.campaign_run_id)}\n"
    )
    return subject, text


def undecided_body(undecided: Sequence[Undecided]) -> str:
    """Markdown: how many notices of which runs wait for a decision, and what each answer does."""
    return template("undecided.md.jinja").render(undecided=undecided, titles=campaign_titles())


def _order_of_judgement(count: StateCount) -> int:
    reasons = list(SUPPRESSION_LABELS)
    return reasons.index(count.reason) if count.reason in reasons else len(reasons)
