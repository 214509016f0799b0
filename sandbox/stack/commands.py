"""What `make up`, `make down` and `make advance` do."""

import time

import psutil
from rich.console import Console

from oshirase.domain.calendar import JST
from sandbox import clock
from sandbox.stack.credentials import CLERK, HEAD, STAFF
from sandbox.stack.ending import stop_everything
from sandbox.stack.errors import StackError
from sandbox.stack.folder import data_folder, owner
from sandbox.stack.ports import fixed_ports
from sandbox.stack.progress import shown_progress
from sandbox.stack.residents import load_residents
from sandbox.stack.running import Others, Stack, running_stack
from sandbox.stack.scene import DAGS, KNOWN_AT, KNOWN_FIRST_AT, OCCURRENCE, SEED
from sandbox.ward import WardSpec

FOLDER = "up"
GONE_SECONDS = 60
WATCH_SECONDS = 0.5


def leave_running(ui_port: int, inbox_port: int, size: int) -> None:
    """Start everything, say where it is, and stay until Ctrl-C, `make down` or a component's end."""
    folder, ward = data_folder(FOLDER), WardSpec(SEED, size, KNOWN_AT)
    if (pid := owner(folder)) is not None:
        raise StackError(f"an environment runs in {folder.path} already (process {pid}): stop it with `make down`")
    with (
        shown_progress() as progress,
        running_stack(
            folder,
            ports=fixed_ports(ui_port, inbox_port),
            others=Others(triggerer=True),
            roles=True,
            starts_at=OCCURRENCE,
            tell=progress.tell,
        ) as stack,
    ):
        progress.tell(f"住民 / a synthetic ward of {size:,} residents")
        residents = load_residents(stack.database_url, ward, folder.extracts, known_first_at=KNOWN_FIRST_AT)
        residents.live_until(clock.now(), [])
        progress.tell("Airflow reads the DAGs")
        stack.wait_for_airflow(DAGS)
        for dag_id in DAGS:
            stack.airflow.unpause(dag_id)
        progress.done()
        progress.console.print(welcome(stack), highlight=False, soft_wrap=True)
        _watch(stack)


def _watch(stack: Stack) -> None:
    """Stay until somebody ends it: the ordinary end, no error."""
    try:
        while True:
            stack.check()
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        return


def welcome(stack: Stack) -> str:
    """Where to go and what to try."""
    logins = "\n".join(
        f"    {name:<8}{stack.credentials.passwords[name]:<16}{member.work}" for name, member in STAFF.items()
    )
    now = clock.now().astimezone(JST)
    return f"""
[bold]Airflow[/bold]   {stack.airflow_url}
[bold]受信箱 / inbox[/bold]   {stack.gateway_url}/

[bold]ログイン / logins[/bold]（利用者名・パスワード / user, password）
{logins}

[bold]模擬時刻 / simulated time[/bold]   {now:%Y-%m-%d %H:%M} JST

[bold]試してみる / what to try[/bold]
  1. {CLERK} でログインし、「国民健康保険料 納付確認のお知らせ」を開いて「Trigger」を押します
     sign in as {CLERK}, open the DAG nhi_overdue and trigger it
  2. 「④ 承認」が入力待ちになったら、{HEAD} でログインして「Required Actions」を開き、本文の確認コードを入力して
     「承認する」を押します
     as {HEAD}, when the task waits for input, open Required Actions, type the confirmation code shown, choose 承認する
  3. 時刻を進めます。納付が届き、予約の取消しと送達結果の取込みが行われます
     move the time; payments arrive, bookings are cancelled, receipts are collected:   [cyan]make advance BY=6h[/cyan]
  4. 受信箱で、それぞれの電話に届いた内容を確かめます
     see in the inbox what each telephone got
  5. ほかのお知らせも同じように実行できます。時刻を進めると、それぞれの予定日の分になります
     the other campaigns too: health_check has missed 29 September, the rest are due on 5 and 7 October

終了 / stop   Ctrl-C, [cyan]make down[/cyan]      ログ / logs   {stack.folder.log("").parent}
"""


def take_down() -> None:
    """Stop what runs in the folder, whoever started it, and wait until it is gone."""
    folder, console = data_folder(FOLDER), Console()
    pid = owner(folder)
    if pid is not None:
        _end(pid)
    left_behind = folder.path.exists() and stop_everything(folder)
    console.print(f"stopped what ran in {folder.path}" if pid or left_behind else f"nothing runs in {folder.path}")


def _end(pid: int) -> None:
    try:
        process = psutil.Process(pid)
        process.terminate()
        process.wait(GONE_SECONDS)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired:
        process.kill()  # what it leaves behind is stopped by its mark
        process.wait(GONE_SECONDS)
