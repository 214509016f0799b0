"""Our pages in Airflow: who is there and what they may see is Airflow's to say."""

from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI

from oshirase.web.app import URL_PREFIX, build_app
from oshirase.web.visitor import Visitor


def visitor(user: GetUserDep) -> Visitor:
    """The signed-in user with the DAGs that Airflow lets them read and edit; strangers get 401 before this."""
    manager = get_auth_manager()
    return Visitor(
        user_id=str(user.get_id()),
        readable=frozenset(manager.get_authorized_dag_ids(user=user, method="GET")),
        editable=frozenset(manager.get_authorized_dag_ids(user=user, method="PUT")),
    )


def pages() -> FastAPI:
    """The app that Airflow mounts."""
    return build_app(visitor)


FASTAPI_APP: dict[str, Any] = {"app": pages(), "url_prefix": URL_PREFIX, "name": "Oshirase"}
EXTERNAL_VIEWS: list[dict[str, Any]] = [
    {
        "name": "結果不明のお知らせ",
        "href": f"{URL_PREFIX}/undecided",
        "destination": "nav",
        "category": "browse",
        "url_route": "oshirase-undecided",
    }
]
