"""Our pages in Airflow: who is there and what they may see is Airflow's to say."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import select

from oshirase.services.stop import cancel_rule
from oshirase.web.app import URL_PREFIX, build_app
from oshirase.web.run import FollowUp
from oshirase.web.visitor import Visitor

_bearer = HTTPBearer(auto_error=False)


async def visitor(
    request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Visitor:
    """The signed-in user with the DAGs that Airflow lets them read and edit; strangers get 401 before this."""
    # Here, not above: every task's process loads the plugins, and these take more than a second.
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.core_api.security import get_user

    user = await get_user(request, None, bearer)
    manager = get_auth_manager()
    return Visitor(
        # The name to sign in with, which says more than the number that accounts of the FAB auth manager have.
        user_id=str(user.get_name()),
        readable=frozenset(manager.get_authorized_dag_ids(user=user, method="GET")),
        editable=frozenset(manager.get_authorized_dag_ids(user=user, method="PUT")),
    )


def after_stop(campaign: str, user_id: str) -> FollowUp:
    """Start at once what cancels a stopped run's bookings; for a console, what lists them for staff.

    Whoever may stop a run may set this off, without any right on that DAG: it does no more than its next round would.
    """
    from airflow.api.common.trigger_dag import trigger_dag
    from airflow.models.dag import DagModel
    from airflow.utils.types import DagRunTriggeredByType

    dag_id = "read_console_results" if cancel_rule(campaign).is_by_hand else "reconcile_payments"
    dag = DagModel.get_current(dag_id)
    if dag is not None and dag.is_paused:
        return FollowUp.PAUSED
    trigger_dag(dag_id, triggered_by=DagRunTriggeredByType.UI, triggering_user_name=user_id, note="送信の停止")
    return FollowUp.STARTED


def find_run(dag_id: str, dag_run_id: str) -> UUID | None:
    """What the first task of a campaign's DAG run returned: the ledger's id for it."""
    from airflow.models.xcom import XCOM_RETURN_KEY, XComModel
    from airflow.utils.session import create_session

    # The task alone knows which occurrence a manual run meant: it depends on when it ran.
    returned = select(XComModel).where(
        XComModel.dag_id == dag_id,
        XComModel.run_id == dag_run_id,
        XComModel.task_id == "open_campaign_run",
        XComModel.key == XCOM_RETURN_KEY,
    )
    with create_session() as session:
        found = session.scalars(returned).first()
        return UUID(str(XComModel.deserialize_value(found))) if found else None


FASTAPI_APP: dict[str, Any] = {
    "app": build_app(visitor, after_stop, find_run),
    "url_prefix": URL_PREFIX,
    "name": "Oshirase",
}
EXTERNAL_VIEWS: list[dict[str, Any]] = [
    {
        "name": "お知らせ",
        "href": f"{URL_PREFIX}/",
        "destination": "nav",
        "nav_top_level": True,
        "url_route": "oshirase-home",
    },
    {
        "name": "結果不明のお知らせ",
        "href": f"{URL_PREFIX}/undecided",
        "destination": "nav",
        "category": "browse",
        "url_route": "oshirase-undecided",
    },
    {
        "name": "実行されていない予定日",
        "href": f"{URL_PREFIX}/occurrences",
        "destination": "nav",
        "category": "browse",
        "url_route": "oshirase-occurrences",
    },
    {
        "name": "お知らせの予定と推移",
        "href": f"{URL_PREFIX}/campaigns/{{DAG_ID}}",
        "destination": "dag",
        "url_route": "oshirase-campaign",
    },
    {
        "name": "お知らせの実行回",
        "href": f"{URL_PREFIX}/dag-run?dag_id={{DAG_ID}}&dag_run_id={{RUN_ID}}",
        "destination": "dag_run",
        "url_route": "oshirase-run",
    },
]
