"""Only a gateway that proves who it is gets the token: the emulator behind TLS, with authorities of the test's own."""

import json
import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from oshirase.adapters.gateways.environment import account_in_environment
from oshirase.adapters.gateways.karaden import KaradenAccount, KaradenGateway
from oshirase.adapters.transport import Distrust, Trust
from oshirase.domain.gateway import GatewayError, Refused, Submission
from oshirase.errors import UnsafeConnection
from oshirase.services.gateway_check import DISTRUSTED, check_connection, explain
from sandbox.gateway.app import Settings
from sandbox.gateway.server import Certificate
from sandbox.gateway.testing import HandClock, RunningGateway, running_gateway
from tests.certificates import Authority

TOKEN = "a-token-that-nobody-may-read"  # pragma: allowlist secret
ADDRESS = "127.0.0.1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder, "city")


@pytest.fixture(scope="module")
def stranger(folder: Path) -> Authority:
    return Authority(folder, "stranger")


@pytest.fixture(scope="module")
def behind_tls(authority: Authority) -> Iterator[RunningGateway]:
    with serving(authority.sign(ADDRESS), authority) as running:
        yield running


@contextmanager
def serving(proof: Certificate, authority: Authority) -> Iterator[RunningGateway]:
    settings = Settings(outcomes="received", clock=HandClock())
    with running_gateway(settings, proof=proof, ca_file=str(authority.file)) as running:
        yield running


def account(running: RunningGateway, ca_file: Path | None) -> KaradenAccount:
    trust = Trust(str(ca_file) if ca_file else None)
    return KaradenAccount(running.base_url, running.tenant, running.token, 1, trust=trust)


def refused(running: RunningGateway, ca_file: Path | None) -> Refused:
    """How a check and a hand-over are refused; nothing reached the gateway."""
    gateway, now = KaradenGateway("karaden", account(running, ca_file)), HandClock()()
    with pytest.raises(Refused) as checked:
        gateway.check()
    with pytest.raises(Refused) as submitted:
        gateway.submit(Submission(uuid4(), uuid4(), "+819000000001", "本文", None, now + timedelta(hours=1)))
    gateway.close()
    assert checked.value.code == submitted.value.code
    assert submitted.value.concerns_all
    return submitted.value


def test_the_right_authority_lets_us_in(behind_tls: RunningGateway, authority: Authority) -> None:
    assert behind_tls.base_url.startswith("https://")
    check_connection("karaden", account(behind_tls, authority.file))


def test_a_stranger_is_refused_before_anything_is_sent(
    behind_tls: RunningGateway, authority: Authority, stranger: Authority
) -> None:
    with serving(stranger.sign(ADDRESS), stranger) as impostor:
        assert refused(impostor, authority.file).code == Distrust.UNTRUSTED
        # The machine's own authorities do not know either of them.
        assert refused(impostor, None).code == Distrust.UNTRUSTED
        assert impostor.counts()["telephones"] == {}
    assert refused(behind_tls, stranger.file).code == Distrust.UNTRUSTED


@pytest.mark.parametrize("name", ["sms.example", "127.0.0.2"])
def test_a_certificate_for_another_host_is_refused(authority: Authority, name: str) -> None:
    with serving(authority.sign(name), authority) as running:
        assert refused(running, authority.file).code == Distrust.WRONG_NAME


def test_a_certificate_that_is_out_of_date_is_refused(authority: Authority) -> None:
    with serving(authority.sign(ADDRESS, days=-1), authority) as running:
        assert refused(running, authority.file).code == Distrust.WRONG_TIME


def test_a_server_without_tls_is_refused(emulator: tuple[RunningGateway, HandClock], authority: Authority) -> None:
    running, _ = emulator
    url = running.base_url.replace("http://", "https://")
    gateway = KaradenGateway("karaden", KaradenAccount(url, running.tenant, running.token, 1))
    with pytest.raises(Refused) as raised:
        gateway.check()
    assert raised.value.code == Distrust.NO_TLS


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://sms.example/api", "begins with http"),
        ("http://127.0.0.1:8090/api", "begins with http"),
        ("sms.example/api", "no URL"),
        ("ftp://sms.example/api", "no URL"),
        ("https:///api", "no URL"),
        ("https://sms.example:port/api", "no URL"),
        ("https://me:geheim@sms.example/api", "more than protocol, host and path"),  # pragma: allowlist secret
        ("https://sms.example/api?token=geheim", "more than protocol, host and path"),
    ],
)
def test_an_address_to_which_no_token_may_go(url: str, told: str) -> None:
    with pytest.raises(UnsafeConnection, match=told) as raised:
        KaradenGateway("karaden", KaradenAccount(url, "tenant", TOKEN, 1))
    assert "geheim" not in str(raised.value)
    assert "https://" in explain(raised.value)


def _no_certificate(folder: Path) -> Path:
    path = folder / "none.pem"
    path.write_text("not a certificate", encoding="utf-8")
    return path


def _empty(folder: Path) -> Path:
    path = folder / "empty.pem"
    path.touch()
    return path


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda folder: folder / "nowhere.pem", "is not there"),
        (lambda folder: folder, "is not there"),
        (_no_certificate, "cannot be read, or holds no certificate"),
        (_empty, "cannot be read, or holds no certificate"),
    ],
    ids=["missing", "a folder", "no certificate", "empty"],
)
def test_a_ca_file_that_is_none(tmp_path: Path, make: Callable[[Path], Path], told: str) -> None:
    trust = Trust(str(make(tmp_path)))
    with pytest.raises(UnsafeConnection, match=told):
        KaradenGateway("karaden", KaradenAccount("https://sms.example/api", "tenant", TOKEN, 1, trust=trust))


@pytest.mark.parametrize("distrust", Distrust)
def test_every_distrust_is_told_in_japanese(distrust: Distrust) -> None:
    told = explain(Refused(distrust, "the gateway cannot be trusted", concerns_all=True))
    assert told.startswith(DISTRUSTED[distrust])
    assert "ください" in told


@pytest.mark.parametrize(
    ("extra", "trust"),
    [
        ({}, Trust()),
        ({"allow_http": True}, Trust(allow_http=True)),
        ({"allow_http": "true"}, Trust(allow_http=True)),
        ({"allow_http": "no"}, Trust()),
        ({"allow_http": 1}, Trust()),
        ({"ca_file": ""}, Trust()),
        ({"ca_file": "/etc/ca.pem", "allow_http": False}, Trust("/etc/ca.pem")),
    ],
)
def test_the_connection_says_whom_to_trust(
    monkeypatch: pytest.MonkeyPatch, extra: dict[str, object], trust: Trust
) -> None:
    connection = {"host": "https://a.example", "login": "t", "password": TOKEN, "extra": {"service_id": 1, **extra}}
    monkeypatch.setenv("AIRFLOW_CONN_SMS", json.dumps(connection))
    found = account_in_environment("sms")
    assert found is not None
    assert found.trust == trust


def test_a_redirection_is_not_followed_with_the_token() -> None:
    """The place that it names hears nothing."""
    heard: list[bytes] = []
    with socket.create_server((ADDRESS, 0)) as elsewhere, socket.create_server((ADDRESS, 0)) as first:
        elsewhere.settimeout(0.5)
        target = f"http://{ADDRESS}:{elsewhere.getsockname()[1]}/api"
        lines = ["HTTP/1.1 307 Temporary Redirect", f"Location: {target}", "Content-Length: 0", "Connection: close"]
        answer = "\r\n".join([*lines, "", ""])

        def serve() -> None:
            connection, _ = first.accept()
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(answer.encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://{ADDRESS}:{first.getsockname()[1]}/api"
        gateway = KaradenGateway("karaden", KaradenAccount(url, "tenant", TOKEN, 1, trust=Trust(allow_http=True)))
        with pytest.raises(GatewayError):
            gateway.check()
        thread.join(5)
        with pytest.raises(TimeoutError):
            elsewhere.accept()
    assert TOKEN.encode() in heard[0]


def test_the_token_is_printed_nowhere(
    emulator: tuple[RunningGateway, HandClock], behind_tls: RunningGateway, caplog: pytest.LogCaptureFixture
) -> None:
    """Not by what holds it, nor by an error, nor by any library at DEBUG."""
    running, _ = emulator
    caplog.set_level(logging.DEBUG)
    bare = Trust(allow_http=True)
    accounts = [
        KaradenAccount(running.base_url, running.tenant, TOKEN, 1, trust=bare),
        KaradenAccount("http://127.0.0.1:9/api", running.tenant, TOKEN, 1, trust=bare),
        KaradenAccount(behind_tls.base_url, running.tenant, TOKEN, 1),
    ]
    told = []
    for one in accounts:
        gateway = KaradenGateway("karaden", one)
        told += [repr(one), str(one), repr(gateway), str(gateway)]
        with pytest.raises(GatewayError) as raised:
            gateway.check()
        told += [*traceback.format_exception(raised.value), explain(raised.value)]
        gateway.close()
    assert any("urllib3" in record.name for record in caplog.records), "no library wrote anything"
    assert TOKEN not in "".join(told) + caplog.text
