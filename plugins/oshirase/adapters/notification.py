"""Telling staff outside of Airflow: by e-mail through the city's relay, by a webhook; no personal data in either."""

import logging
import smtplib
from email.message import EmailMessage

import requests

from oshirase.domain.campaign import Notifications
from oshirase.errors import OshiraseError

logger = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 10


class NotTold(OshiraseError):
    """A message did not arrive; says how, and nothing of an address, which may be a secret."""


def notify(settings: Notifications, subject: str, text: str) -> list[str]:
    """Send a message every way that the settings name.

    A way that fails is no error: what has happened stands in the ledger and in Airflow, and the other way may work.

    Returns:
        The ways that worked, `mail` and `webhook`.
    """
    ways = {"mail": (_mail, bool(settings.mail_to)), "webhook": (_call, settings.webhook_url is not None)}
    worked = []
    for name, (way, is_wanted) in ways.items():
        if not is_wanted:
            continue
        try:
            way(settings, subject, text)
            worked.append(name)
        except (OSError, requests.RequestException) as error:
            logger.warning("staff could not be told by %s: %s", name, type(error).__name__)
    return worked


def _mail(settings: Notifications, subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, settings.mail_from, ", ".join(settings.mail_to)
    message.set_content(text)
    with smtplib.SMTP(str(settings.smtp_host), settings.smtp_port, timeout=_TIMEOUT_SECONDS) as relay:
        relay.send_message(message)


def _call(settings: Notifications, subject: str, text: str) -> None:
    _post(str(settings.webhook_url), subject, text).raise_for_status()


def call_webhook(url: str, subject: str, text: str) -> None:
    """POST a message as JSON, `subject` and `text`.

    Raises:
        NotTold: no answer, or another one than that it was taken.
    """
    try:
        answer = _post(url, subject, text)
    except requests.RequestException as error:
        # Its own words quote the address.
        raise NotTold(f"the webhook does not answer ({type(error).__name__})") from None
    if answer.status_code >= requests.codes.multiple_choices:
        raise NotTold(f"the webhook answered {answer.status_code}")


def _post(url: str, subject: str, text: str) -> requests.Response:
    body = {"subject": subject, "text": text}
    return requests.post(url, json=body, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
