"""Telling staff from a task."""

from oshirase.adapters.notification import notify
from oshirase.adapters.settings import load_city


def tell_staff(subject: str, text: str) -> list[str]:
    """Send a message every way that `config/city.toml` `[notifications]` names; the ways that worked."""
    return notify(load_city().notifications, subject, text)
