"""Telling staff: real SMTP and real HTTP, and no error when neither answers."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.header import decode_header
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from oshirase.adapters.notification import NotTold, call_webhook, notify
from oshirase.domain.campaign import Notifications

SUBJECT, TEXT = "【送信なし】お知らせ", "承認されませんでした。\n次の回をご確認ください。"


class Relay(socketserver.StreamRequestHandler):
    """As much of a mail relay as a message needs."""

    def handle(self) -> None:
        self._say("220 relay")
        for line in self.rfile:
            word = line.split()[0].upper()
            if word == b"DATA":
                self._say("354 go on")
                data = b""
                while (more := self.rfile.readline()) != b".\r\n":
                    data += more
                self.server.got.append(data)  # type: ignore[attr-defined]
            self._say("221 bye" if word == b"QUIT" else "250 ok")
            if word == b"QUIT":
                return

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(self.server.answer)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(server: Any, answer: int = 200) -> Iterator[Any]:
    server.got, server.answer = [], answer
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def mail(port: int) -> dict[str, Any]:
    return {
        "mail_to": ("a@example.jp", "b@example.jp"),
        "mail_from": "o@example.jp",
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
    }


def test_by_mail() -> None:
    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay)) as relay:
        assert notify(Notifications(**mail(relay.server_address[1])), SUBJECT, TEXT) == ["mail"]
    message = message_from_bytes(relay.got[0])
    ((subject, charset),) = decode_header(message["Subject"])
    assert (subject.decode(charset), message["To"]) == (SUBJECT, "a@example.jp, b@example.jp")
    assert message.get_payload(decode=True).decode().replace("\r\n", "\n").strip() == TEXT


def test_by_webhook() -> None:
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as hook:
        settings = Notifications(webhook_url=f"http://127.0.0.1:{hook.server_address[1]}/staff")
        assert notify(settings, SUBJECT, TEXT) == ["webhook"]
    assert hook.got == [{"subject": SUBJECT, "text": TEXT}]


@pytest.mark.parametrize("answer", [302, 404, 500])
def test_a_webhook_that_refuses_is_no_error(answer: int, caplog: pytest.LogCaptureFixture) -> None:
    with serving(HTTPServer(("127.0.0.1", 0), Hook), answer) as hook:
        url = f"http://127.0.0.1:{hook.server_address[1]}/secret-path"
        worked = notify(Notifications(webhook_url=url), SUBJECT, TEXT)
    assert worked == ([] if answer >= 400 else ["webhook"])
    assert "secret-path" not in caplog.text


def test_one_way_that_fails_does_not_stop_the_other() -> None:
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as hook:
        settings = Notifications(**mail(1), webhook_url=f"http://127.0.0.1:{hook.server_address[1]}/")
        assert notify(settings, SUBJECT, TEXT) == ["webhook"]


def test_without_settings_nobody_is_told() -> None:
    assert notify(Notifications(), SUBJECT, TEXT) == []


def test_a_message_that_the_webhook_took() -> None:
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as hook:
        call_webhook(f"http://127.0.0.1:{hook.server_address[1]}/secret-path", SUBJECT, TEXT)
    assert hook.got == [{"subject": SUBJECT, "text": TEXT}]


@pytest.mark.parametrize("answer", [302, 403, 500])
def test_a_message_that_the_webhook_did_not_take_says_so_without_its_address(answer: int) -> None:
    with serving(HTTPServer(("127.0.0.1", 0), Hook), answer) as hook:
        url = f"http://127.0.0.1:{hook.server_address[1]}/secret-path"
        with pytest.raises(NotTold, match=f"^the webhook answered {answer}$"):
            call_webhook(url, SUBJECT, TEXT)


def test_a_webhook_that_is_not_there_says_so_without_its_address() -> None:
    with pytest.raises(NotTold) as raised:
        call_webhook("http://127.0.0.1:1/secret-path", SUBJECT, TEXT)
    assert str(raised.value) == "the webhook does not answer (ConnectionError)"
    assert raised.value.__suppress_context__
