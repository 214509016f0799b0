"""Our pages in Airflow: who is there and what they may see is Airflow's to say."""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from oshirase.web.app import URL_PREFIX, build_app
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
        user_id=str(user.get_id()),
        readable=frozenset(manager.get_authorized_dag_ids(user=user, method="GET")),
        editable=frozenset(manager.get_authorized_dag_ids(user=user, method="PUT")),
    )


FASTAPI_APP: dict[str, Any] = {"app": build_app(visitor), "url_prefix": URL_PREFIX, "name": "Oshirase"}
EXTERNAL_VIEWS: list[dict[str, Any]] = [
    {
        "name": "結果不明のお知らせ",
        "href": f"{URL_PREFIX}/undecided",
        "destination": "nav",
        "category": "browse",
        "url_route": "oshirase-undecided",
    }
]
