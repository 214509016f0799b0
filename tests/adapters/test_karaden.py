"""The Karaden client against the emulator, and its table of answers."""

import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest

from oshirase.adapters.gateways.karaden import KaradenAccount, KaradenGateway
from oshirase.domain.gateway import Busy, DeliveryState, GatewayError, OutcomeUnknown, Refused, Submission
from sandbox.gateway.testing import HandClock, RunningGateway
from tests.scene import BARE

BODY = "阿良澄区です。納付確認のお知らせです。"


@pytest.fixture
def gateway(emulator: tuple[RunningGateway, HandClock]) -> Iterator[KaradenGateway]:
    running, _ = emulator
    running.reset()
    client = KaradenGateway("karaden", KaradenAccount(running.base_url, running.tenant, running.token, 1, trust=BARE))
    yield client
    client.close()


@pytest.fixture
def clock(emulator: tuple[RunningGateway, HandClock]) -> HandClock:
    return emulator[1]


def submission(clock: HandClock, *, booked_in: timedelta | None = None, phone: str = "+819000000001") -> Submission:
    now = clock()
    return Submission(uuid4(), uuid4(), phone, BODY, now + booked_in if booked_in else None, now + timedelta(hours=8))


def test_a_submission_arrives_as_it_was_meant(gateway: KaradenGateway, clock: HandClock) -> None:
    sent = submission(clock, booked_in=timedelta(hours=1))
    receipt = gateway.submit(sent)
    assert receipt.tags == (str(sent.notice_id), str(sent.campaign_run_id))
    assert (receipt.state, receipt.status) == (DeliveryState.PENDING, "waiting")
    assert gateway.find(sent.notice_id) == receipt


def test_what_was_never_handed_over_is_not_found(gateway: KaradenGateway) -> None:
    assert gateway.find(uuid4()) is None


def test_receipts_come_in_pages_until_there_is_no_more(gateway: KaradenGateway, clock: HandClock) -> None:
    run = uuid4()
    for number in range(101):
        one = submission(clock, phone=f"+8190{number:08d}")
        gateway.submit(Submission(one.notice_id, run, one.phone_e164, BODY, None, one.limited_at))
    clock.advance(hours=1)
    pages = list(gateway.receipts(run, clock() - timedelta(hours=2), clock()))
    assert [len(page) for page in pages] == [100, 1]
    assert {receipt.state for page in pages for receipt in page} == {DeliveryState.DELIVERED}


def test_a_booking_is_cancelled_and_a_sent_message_is_not(gateway: KaradenGateway, clock: HandClock) -> None:
    booking = gateway.submit(submission(clock, booked_in=timedelta(hours=1)))
    assert gateway.cancel(booking.gateway_message_id).state == DeliveryState.CANCELLED
    sent = gateway.submit(submission(clock))
    with pytest.raises(Refused) as refused:
        gateway.cancel(sent.gateway_message_id)
    assert refused.value.code == "can_not_cancel_message"


@pytest.mark.parametrize(
    ("tenant", "token", "code"),
    [(None, "wrong", "unauthentication"), ("00000000-0000-4000-8000-000000000000", None, "invalid_tenant")],
)
def test_a_wrong_token_or_tenant_concerns_all(
    emulator: tuple[RunningGateway, HandClock], tenant: str | None, token: str | None, code: str
) -> None:
    running, clock = emulator
    gateway = KaradenGateway(
        "karaden", KaradenAccount(running.base_url, tenant or running.tenant, token or running.token, 1, trust=BARE)
    )
    for call in (gateway.check, lambda: gateway.submit(submission(clock))):
        with pytest.raises(Refused) as refused:
            call()
        assert (refused.value.code, refused.value.concerns_all) == (code, True)


def test_a_number_that_the_gateway_does_not_take_concerns_one(gateway: KaradenGateway, clock: HandClock) -> None:
    with pytest.raises(Refused) as refused:
        gateway.submit(submission(clock, phone="+8112345"))
    assert (refused.value.code, refused.value.concerns_all) == ("validation_error", False)


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """A server that answers anything with these bytes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(raw)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        thread.join(5)


def http(status: str, body: str = "", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*lines, *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()), "", body]).encode()


ANSWERS = [
    ("429 Too Many Requests", http("429 Too Many Requests", Retry_After="7"), Busy),
    ("503 Service Unavailable", http("503 Service Unavailable"), Busy),
    ("400", http("400 Bad Request", '{"object":"error","code":"x"}'), Refused),
    ("403 without a body", http("403 Forbidden"), Refused),
    ("404", http("404 Not Found", "<html>"), Refused),
    ("500", http("500 Internal Server Error", '{"object":"error","code":"unknown"}'), OutcomeUnknown),
    ("502 from a proxy", http("502 Bad Gateway", "<html>"), OutcomeUnknown),
    ("a redirection", http("302 Found", Location="http://127.0.0.1/"), OutcomeUnknown),
    ("200 that cannot be read", http("200 OK", "{"), OutcomeUnknown),
    ("200 that is no message", http("200 OK", '{"object":"list"}'), OutcomeUnknown),
    ("200 that is a list", http("200 OK", "[]"), OutcomeUnknown),
    ("half an answer", http("200 OK", '{"object":"message"}')[:-5], OutcomeUnknown),
    ("nothing at all", b"", OutcomeUnknown),
]


@pytest.mark.parametrize(("answer", "expected"), [(a[1], a[2]) for a in ANSWERS], ids=[a[0] for a in ANSWERS])
def test_the_table_of_answers(clock: HandClock, answer: bytes, expected: type[GatewayError]) -> None:
    with answering(answer) as base_url, pytest.raises(expected) as raised:
        KaradenGateway("karaden", KaradenAccount(base_url, "tenant", "token", 1, trust=BARE)).submit(submission(clock))
    if expected is Busy and b"Retry" in answer:
        assert raised.value.retry_after == timedelta(seconds=7)


def test_an_unreachable_gateway_took_nothing(clock: HandClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Busy):
        KaradenGateway(
            "karaden", KaradenAccount(f"http://127.0.0.1:{port}/api", "tenant", "token", 1, trust=BARE)
        ).submit(submission(clock))


@pytest.mark.parametrize("answer", [a[1] for a in ANSWERS], ids=[a[0] for a in ANSWERS])
def test_no_error_tells_a_number_or_a_text(clock: HandClock, answer: bytes) -> None:
    with answering(answer) as base_url, pytest.raises(GatewayError) as raised:
        KaradenGateway("karaden", KaradenAccount(base_url, "tenant", "token", 1, trust=BARE)).submit(submission(clock))
    told = "".join(traceback.format_exception(raised.value))
    assert "0000000001" not in told
    assert BODY not in told
