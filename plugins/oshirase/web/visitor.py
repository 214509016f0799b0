"""Who looks at a page, and what of it they may see and change; Airflow's own rights, asked by `orchestration`."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Visitor:
    """A signed-in user, with the campaigns (DAG ids) that they may read and those that they may act on."""

    user_id: str
    readable: frozenset[str]
    editable: frozenset[str]

    def form_token(self, key: bytes) -> str:
        """What a form of ours carries and another site cannot know: a keyed hash of the user."""
        return hmac.new(key, f"form/{self.user_id}".encode(), sha256).hexdigest()

    def is_own_form(self, token: str, key: bytes) -> bool:
        """Whether a posted form was one of ours, shown to this user."""
        return hmac.compare_digest(self.form_token(key).encode(), token.encode())


# A FastAPI dependency: raises 401 for strangers.
VisitorDependency = Callable[..., Visitor | Awaitable[Visitor]]
