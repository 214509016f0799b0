"""What each role may and may not do, in Airflow and on our pages, asked of the running API server."""

from typing import Any

import pytest
import requests

from sandbox.stack.credentials import ADMINISTRATOR, AUDITOR, CLERK, DEPUTY, HEAD, OTHER_CLERK, OTHER_HEAD
from sandbox.stack.running import make_roles
from tests.browser.addresses import OF_ONE_SECTION, PAGES, Address
from tests.browser.play import (
    APPROVAL,
    APPROVE,
    CODE,
    DECISION,
    FOUR_EYES_CAMPAIGN,
    INJECTED_CAMPAIGN,
    PATIENCE_SECONDS,
    RESOLUTION,
    Play,
)

OURS, THEIRS = "late_elderly_overdue", "public_notice"
REASON = {"reason": "試験"}
NOW = {"logical_date": None}
# Both leave everything as it is: a wrong option is refused after the rights were looked at.
NO_OPTION: dict[str, Any] = {"chosen_options": ["どれでもない"], "params_input": {}}
DRY = {"dag_id": OURS, "from_date": "2026-10-01T00:00:00Z", "to_date": "2026-10-02T00:00:00Z"}
RIGHTS = """
select a.name, v.name
from ab_role as r
inner join ab_permission_view_role as pr on pr.role_id = r.id
inner join ab_permission_view as p on p.id = pr.permission_view_id
inner join ab_permission as a on a.id = p.permission_id
inner join ab_view_menu as v on v.id = p.view_menu_id
where r.name = :role
"""


def ask(play: Play, user: str, method: str, path: str, body: object = None) -> int:
    """What Airflow's REST API answers a member of staff; `{NAME}` in a path is Airflow's run of that DAG."""
    url = f"{play.address}/api/v2/{path.format(**play.dag_runs)}"
    return play.session(user).request(method, url, json=body, timeout=PATIENCE_SECONDS).status_code


EVERYBODY = (CLERK, HEAD, OTHER_CLERK, OTHER_HEAD, AUDITOR, ADMINISTRATOR)
HITL = f"taskInstances/{APPROVAL}/-1/hitlDetails"
# Who may, of whom others get 403: by the section, by the role.
MATRIX = [
    ("GET", f"dags/{OURS}", None, {CLERK, HEAD, AUDITOR, ADMINISTRATOR}),
    ("GET", f"dags/{THEIRS}", None, {OTHER_CLERK, OTHER_HEAD, AUDITOR, ADMINISTRATOR}),
    ("GET", f"dags/{OURS}/dagRuns/{{{OURS}}}", None, {CLERK, HEAD, AUDITOR, ADMINISTRATOR}),
    ("GET", f"dags/{OURS}/dagRuns/{{{OURS}}}/{HITL}", None, {CLERK, HEAD, AUDITOR, ADMINISTRATOR}),
    ("GET", "dags/reconcile_payments", None, set(EVERYBODY)),
    ("PATCH", "dags/reconcile_payments", {"is_paused": False}, {ADMINISTRATOR}),
    ("PATCH", f"dags/{OURS}", {"is_paused": False}, {CLERK, HEAD, ADMINISTRATOR}),
    ("POST", f"dags/{OURS}/clearTaskInstances", {"dry_run": True}, {CLERK, ADMINISTRATOR}),
    ("POST", "backfills/dry_run", DRY, {CLERK, ADMINISTRATOR}),
    ("PATCH", f"dags/{OURS}/dagRuns/{{{OURS}}}/{HITL}", NO_OPTION, {HEAD}),
    (
        "PATCH",
        f"dags/{RESOLUTION}/dagRuns/{{{RESOLUTION}}}/taskInstances/{DECISION}/-1/hitlDetails",
        NO_OPTION,
        {HEAD, OTHER_HEAD},
    ),
    ("GET", "plugins", None, set(EVERYBODY)),
    ("GET", "connections", None, {ADMINISTRATOR}),
    ("GET", "variables", None, set()),
    ("GET", "config", None, set()),
    ("GET", "eventLogs", None, {AUDITOR, ADMINISTRATOR}),
    ("GET", f"dagSources/{OURS}", None, {AUDITOR, ADMINISTRATOR}),
    ("GET", "../../auth/fab/v1/users", None, {ADMINISTRATOR}),
    ("PATCH", "../../auth/fab/v1/roles/auditor", {"name": "auditor", "actions": []}, set()),
]


@pytest.mark.parametrize(("method", "path", "body", "may"), MATRIX, ids=lambda value: str(value)[:40])
def test_who_may(play: Play, method: str, path: str, body: object, may: set[str]) -> None:
    answers = {user: ask(play, user, method, path, body) for user in EVERYBODY}
    assert {user for user, status in answers.items() if status != 403} == may, answers


def test_a_clerk_sees_the_runs_and_questions_of_the_own_section_only(play: Play) -> None:
    for user, own, other in ((CLERK, OURS, THEIRS), (OTHER_CLERK, THEIRS, OURS)):
        api = play.session(user)
        for path, key in (("dagRuns", "dag_runs"), ("dagRuns/~/hitlDetails", "hitl_details")):
            found = api.get(f"{play.address}/api/v2/dags/~/{path}", timeout=PATIENCE_SECONDS).json()[key]
            dags = {one.get("dag_id") or one["task_instance"]["dag_id"] for one in found}
            assert own in dags
            assert other not in dags


def test_secrets_of_connections_are_not_shown_to_administrators_either(play: Play) -> None:
    api = play.session(ADMINISTRATOR)
    token = play.stack.credentials.gateway_token
    connection = {"connection_id": "spare", "conn_type": "sms_gateway", "password": token}
    made = api.post(f"{play.address}/api/v2/connections", json=connection, timeout=PATIENCE_SECONDS)
    read = api.get(f"{play.address}/api/v2/connections/spare", timeout=PATIENCE_SECONDS)
    assert (made.status_code, read.status_code) == (201, 200)
    assert token not in made.text + read.text
    assert ask(play, ADMINISTRATOR, "DELETE", "connections/spare") == 204


@pytest.mark.parametrize("page", OF_ONE_SECTION, ids=lambda page: f"{page.user} {page.path[:40]}")
def test_pages_of_the_other_section(play: Play, page: Address) -> None:
    answer = play.session(page.user).get(page.of(play), timeout=PATIENCE_SECONDS)
    assert answer.status_code == 403
    assert "このお知らせを見る権限がありません" in answer.text


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "message"], ids=lambda page: page.name)
def test_an_auditor_sees_every_page_and_nothing_to_press(play: Play, page: Address) -> None:
    answer = play.session(AUDITOR).get(page.of(play), timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200
    assert 'name="notice_id"' not in answer.text
    assert "/stop" not in answer.text


@pytest.mark.parametrize("user", [AUDITOR, CLERK, HEAD])
def test_who_may_not_stop_a_run(play: Play, user: str) -> None:
    """The form's token is the visitor's own; the run is the other section's, or the visitor an auditor."""
    session = play.session(user)
    token = play.form_token(session)
    assert token
    url = f"{play.address}/oshirase/runs/{play.runs[INJECTED_CAMPAIGN]}/stop"
    answer = session.post(url, data={"form_token": token, **REASON}, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 403
    assert play.rows("select 1 from ledger.campaign_run where closed_as = 'stopped'") == []


def test_who_asked_for_a_run_cannot_approve_it(play: Play) -> None:
    """By roles they could: one who is clerk and approver. Airflow takes the answer, the approval does not."""
    run_id, airflow = play.dag_runs[FOUR_EYES_CAMPAIGN], play.airflow(DEPUTY)
    code = CODE.search(airflow.wait_for_hitl(FOUR_EYES_CAMPAIGN, run_id, APPROVAL)["body"])
    assert code is not None
    airflow.answer(FOUR_EYES_CAMPAIGN, run_id, APPROVAL, [APPROVE], {"confirmation_code": code[1], "reason": None})
    assert airflow.wait_for_hitl(FOUR_EYES_CAMPAIGN, run_id, APPROVAL), "it was not asked again"
    decided = play.rows("select 1 from ledger.approval where campaign_run_id = :run", run=play.runs[FOUR_EYES_CAMPAIGN])
    assert decided == []


# Who is given a file of the run, with and without telephone numbers; of whom others get 403.
DOWNLOADS = {False: {CLERK, HEAD, DEPUTY, AUDITOR, ADMINISTRATOR}, True: {CLERK, HEAD, DEPUTY, ADMINISTRATOR}}


@pytest.mark.parametrize("personal", DOWNLOADS)
def test_who_may_download(play: Play, personal: bool) -> None:
    url = f"{play.address}/oshirase/runs/{play.runs[OURS]}/notices.csv"
    given = set()
    for user in (*EVERYBODY, DEPUTY):
        session = play.session(user)
        form = {"form_token": play.form_token(session), "why": "試験", "personal": str(personal)}
        answer = session.post(url, data=form, timeout=PATIENCE_SECONDS)
        assert answer.status_code in {200, 403}, (user, answer.text)
        if answer.ok:
            given.add(user)
    assert given == DOWNLOADS[personal]


# What a running task reports or asks for: a state, a value for others, the secret of a connection.
CALLBACKS = [
    ("PATCH", "task-instances/{task}/state"),
    ("PATCH", "task-instances/{task}/run"),
    ("POST", "xcoms/nhi_overdue/run/task/key"),
    ("GET", "connections/karaden"),
    ("GET", "variables/any"),
]


@pytest.mark.parametrize(("method", "path"), CALLBACKS, ids=str)
@pytest.mark.parametrize("user", [None, CLERK, ADMINISTRATOR])
def test_callbacks_of_tasks_are_for_tasks_alone(play: Play, user: str | None, method: str, path: str) -> None:
    ((task,),) = play.airflow_rows("select id from task_instance limit 1")
    session = play.session(user) if user else requests.Session()
    url = f"{play.address}/execution/{path.format(task=task)}"
    answer = session.request(method, url, json={"state": "success"}, timeout=PATIENCE_SECONDS)
    assert answer.status_code in {401, 403}, answer.text
    assert play.stack.credentials.gateway_token not in answer.text


def test_made_again_roles_lose_what_they_should_not_have_and_keep_their_dags(play: Play) -> None:
    def rights() -> set[tuple[str, str]]:
        return {tuple(row) for row in play.airflow_rows(RIGHTS, role="clerk-premium")}

    before = rights()
    assert ("can_edit", "DAG:nhi_overdue") in before
    assert "DAG:public_notice" not in {resource for _, resource in before}
    play.airflow_rows(
        "insert into ab_permission_view_role (id, role_id, permission_view_id)"
        " select nextval('ab_permission_view_role_id_seq'), r.id, p.id"
        " from ab_role as r, ab_permission_view as p"
        " inner join ab_permission as a on a.id = p.permission_id inner join ab_view_menu as v on v.id = p.view_menu_id"
        " where r.name = 'clerk-premium' and a.name = 'can_read' and v.name = 'Connections' returning id"
    )
    assert rights() == before | {("can_read", "Connections")}
    make_roles(play.stack)
    assert rights() == before
