"""The steps of a campaign run that is handed over through a console: write the files, ask who uploaded them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Context, Param, get_current_context, task

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.gateways.console_csv import console_folder
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import load_city, load_console
from oshirase.domain.campaign import Campaign
from oshirase.domain.console import Slot
from oshirase.orchestration.context import answered_by, worker_name
from oshirase.orchestration.freshness import require_fresh_records
from oshirase.orchestration.upload_page import upload_body, upload_subject
from oshirase.services import console as uploads
from oshirase.services.console import Desk, WaitingFile
from oshirase.services.console_results import write_cancel_list, write_waiting_list

UPLOADED = "アップロードした"
WRITE_ANEW = "作り直す"
GIVE_UP = "アップロードせず取りやめる"


def upload_by_hand(campaign: Campaign, campaign_run_id: Any) -> tuple[Any, Any]:
    """Write the files of a run, then ask for each whether it was uploaded. Returns the first and the last step."""
    console = str(campaign.sending.console)
    slots: Any = write_upload_files(console, campaign_run_id)
    confirmed = ConfirmUpload.partial(
        task_id="confirm_upload",
        task_display_name="⑥ アップロードの確認",
        console=console,
        campaign_run_id=campaign_run_id,
    ).expand(slot=slots)
    return slots, confirmed


@task(task_display_name="⑤ アップロード用ファイルの作成")
def write_upload_files(console: str, campaign_run_id: str) -> list[int]:
    """Files of an approved run, written once. Returns the numbers of the slots in which a file waits for a person."""
    require_fresh_records(campaign_run_id)
    desk, run_id = open_desk(console, get_current_context()), UUID(campaign_run_id)
    slots = uploads.list_open_slots(desk.engine, desk.console, run_id)
    for slot in slots:
        uploads.write_slot(desk, run_id, slot)
    write_waiting_list(desk)
    return [slot.number for slot in slots if uploads.list_waiting(desk, run_id, slot)]


def open_desk(console: str, context: Context, by: str | None = None) -> Desk:
    """A console as its settings file and the environment describe it, in a task's or a person's name."""
    settings = load_console(console)
    return Desk(
        engine=campaign_engine(),
        console=settings,
        folder=console_folder(settings.folders),
        city=load_city(),
        key=secret_key(),
        by=by or worker_name(context),
        clock=clock.now,
    )


class ConfirmUpload(HITLOperator):
    """Ask a person what became of an upload file; the answer is kept in the ledger with the person's name.

    The person types the code at the end of the file's name: Airflow keeps an old page after a file was written anew,
    and the code says which file the answer is about. Asks until no file of the slot waits. Returns the last answer and
    how many notices it concerned.
    """

    template_fields: Sequence[str] = ("campaign_run_id", "slot")

    def __init__(self, *, console: str, campaign_run_id: str, slot: int, **kwargs: Any) -> None:
        # The DAG's own params ask for something else: the form here has ours only.
        kwargs.pop("params", None)
        super().__init__(
            subject="",
            body="",
            options=[UPLOADED, WRITE_ANEW, GIVE_UP],
            params={
                "confirmation_code": Param(
                    None,
                    type=["null", "string"],
                    title="確認コード",
                    description="ファイル名の末尾 6 文字（.csv の前）を入力してください。",
                ),
            },
            **kwargs,
        )
        self.console = console
        self.campaign_run_id = campaign_run_id
        self.slot = slot

    def execute(self, context: Context) -> Any:
        """Ask about the file that waits; one that a broken attempt left unwritten is written first."""
        desk = open_desk(self.console, context)
        slot = self._slot(desk)
        uploads.write_slot(desk, UUID(self.campaign_run_id), slot)
        return self._ask(context, desk, slot, {"notices": 0})

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Do what the person says with the file whose code they typed; a code that fits none is asked for again."""
        answer = super().execute_complete(context, event)
        desk = open_desk(self.console, context, by=answered_by(answer).name)
        slot = self._slot(desk)
        code = str(answer["params_input"].get("confirmation_code") or "").strip().upper()
        (option,) = answer["chosen_options"]
        told: dict[str, Any] = {"notices": 0}
        for file in uploads.list_waiting(desk, UUID(self.campaign_run_id), slot):
            if file.code == code:
                told = {"option": option, "notices": file.notices}
                _act(desk, slot, file, option)
                break
        else:
            self.log.warning("the code fits no file that waits")
        write_waiting_list(desk)
        write_cancel_list(desk)
        return self._ask(context, desk, slot, told)

    def _slot(self, desk: Desk) -> Slot:
        return uploads.find_slot(desk.engine, desk.console, UUID(self.campaign_run_id), int(self.slot))

    def _ask(self, context: Context, desk: Desk, slot: Slot, told: dict[str, Any]) -> Any:
        waiting = uploads.list_waiting(desk, UUID(self.campaign_run_id), slot)
        if not waiting:
            return told
        self.subject = upload_subject(waiting)
        self.body = upload_body(waiting, desk.console)
        return super().execute(context)


def _act(desk: Desk, slot: Slot, file: WaitingFile, option: str) -> None:
    if option == UPLOADED:
        uploads.confirm_uploads(desk, [file.file])
    elif option == WRITE_ANEW:
        uploads.write_anew(desk, file, slot)
    else:
        uploads.give_up(desk, file)
