"""What staff read before they upload a file to a console, and say so, in the Airflow UI."""

from collections.abc import Sequence

from oshirase.adapters.settings import load_campaign
from oshirase.domain.console import Console, UploadValue
from oshirase.orchestration.approval_page import template
from oshirase.services.console import WaitingFile
from oshirase.services.console_results import WAITING_LIST


def upload_subject(waiting: Sequence[WaitingFile]) -> str:
    """One line: which campaign, which occurrence, how many."""
    title, day = load_campaign(waiting[0].campaign).title, waiting[0].occurrence_on
    notices = sum(file.notices for file in waiting)
    return f"{title}（{day.year}年{day.month}月{day.day}日分・{notices:,}件）をコンソールへアップロードしましたか"


def upload_body(waiting: Sequence[WaitingFile], console: Console) -> str:
    """Markdown: which file, how many, booked for when, how many settled since, and what to do in the console."""
    return template("upload.md.jinja").render(
        waiting=waiting,
        run=waiting[0],
        campaign=load_campaign(waiting[0].campaign),
        console=console,
        is_booked_in_file=any(column.value == UploadValue.BOOKING for column in console.upload.columns),
        waiting_list=WAITING_LIST,
    )
