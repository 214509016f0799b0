"""Telling staff from a task: what they would not see in time, and alerts to whoever is on call."""

import html
import logging
import smtplib
from collections.abc import Mapping

from airflow.providers.smtp.hooks.smtp import SmtpHook
from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

from oshirase.adapters.notification import NotTold, call_webhook, notify
from oshirase.adapters.settings import load_city
from oshirase.domain.campaign import Alerts
from oshirase.errors import BadSettings, OshiraseError
from oshirase.services.alert_book import Send
from oshirase.services.alert_message import compose_watch_failure

logger = logging.getLogger(__name__)
MAIL, WEBHOOK = "mail", "webhook"
SMTP_CONN_ID, WEBHOOK_CONN_ID = "oshirase_alerts_smtp", "oshirase_alerts_webhook"


def tell_staff(subject: str, text: str) -> list[str]:
    """Send a message every way that `config/city.toml` `[notifications]` names; the ways that worked."""
    return notify(load_city().notifications, subject, text)


def list_ways(settings: Alerts) -> Mapping[str, Send]:
    """How alerts are told: by e-mail when somebody is to get it, by the webhook when its connection is there."""
    ways: dict[str, Send] = {}
    if settings.mail_to:
        ways[MAIL] = lambda subject, text: send_mail(settings.mail_to, subject, text)
    if address := _webhook_address():
        ways[WEBHOOK] = lambda subject, text: call_webhook(address, subject, text)
    return ways


def send_mail(to: tuple[str, ...], subject: str, text: str) -> None:
    """Through the relay of Airflow's connection `oshirase_alerts_smtp`.

    Raises:
        NotTold: no such connection, no relay, or it did not take the message.
    """
    try:
        with SmtpHook(SMTP_CONN_ID) as relay:
            body = html.escape(text).replace("\n", "<br>\n")
            relay.send_email_smtp(to=list(to), subject=subject, html_content=body)
    except (OSError, smtplib.SMTPException, AirflowException) as error:
        # The relay's words may hold a password that it did not like.
        raise NotTold(
            f"no mail through the connection {SMTP_CONN_ID} ({type(error).__name__}): test it under Admin > Connections"
        ) from None


def tell_watch_failed(error: str) -> None:
    """That nobody can look, by every way that works; no error when none does."""
    try:
        ways = list_ways(load_city().alerts)
    except BadSettings:
        ways = list_ways(Alerts())
    for way, send in ways.items():
        try:
            send(*compose_watch_failure(error))
        except OshiraseError as problem:
            logger.warning("whoever is on call could not be told by %s: %s", way, problem)


def _webhook_address() -> str | None:
    """Host and, as the secret part, password of Airflow's connection `oshirase_alerts_webhook`."""
    try:
        connection: Connection = BaseHook.get_connection(WEBHOOK_CONN_ID)
    except AirflowNotFoundException:
        return None
    base = (connection.host or "").rstrip("/")
    return f"{base}/{connection.password.lstrip('/')}" if connection.password else base
