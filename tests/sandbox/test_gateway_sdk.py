"""The emulator driven by the operator's own Python SDK, an independent client: each of its calls, each of its errors.

The SDK has no class for 409 and 500 (`UnknownErrorException` carries the status), and none of its classes at all for
the answer to `BulkMessage.list_message`.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import karaden
import pytest
from karaden.exception.bad_request_exception import BadRequestException
from karaden.exception.bulk_message_create_failed_exception import BulkMessageCreateFailedException
from karaden.exception.bulk_message_list_message_retry_limit_exceed_exception import (
    BulkMessageListMessageRetryLimitExceedException,
)
from karaden.exception.bulk_message_show_retry_limit_exceed_exception import BulkMessageShowRetryLimitExceedException
from karaden.exception.file_download_failed_exception import FileDownloadFailedException
from karaden.exception.file_not_found_exception import FileNotFoundException
from karaden.exception.file_upload_failed_exception import FileUploadFailedException
from karaden.exception.forbidden_exception import ForbiddenException
from karaden.exception.invalid_params_exception import InvalidParamsException
from karaden.exception.invalid_request_options_exception import InvalidRequestOptionsException
from karaden.exception.karaden_exception import KaradenException
from karaden.exception.not_found_exception import NotFoundException
from karaden.exception.too_many_requests_exception import TooManyRequestsException
from karaden.exception.unauthorized_exception import UnauthorizedException
from karaden.exception.unexpected_value_exception import UnexpectedValueException
from karaden.exception.unknown_error_exception import UnknownErrorException
from karaden.exception.unprocessable_entity_exception import UnprocessableEntityException
from karaden.model.bulk_file import BulkFile
from karaden.model.bulk_message import BulkMessage
from karaden.model.message import Message
from karaden.param.bulk.bulk_message_create_params import BulkMessageCreateParams
from karaden.param.bulk.bulk_message_download_params import BulkMessageDownloadParams
from karaden.param.bulk.bulk_message_list_message_params import BulkMessageListMessageParams
from karaden.param.bulk.bulk_message_show_params import BulkMessageShowParams
from karaden.param.message_cancel_params import MessageCancelParams
from karaden.param.message_create_params import MessageCreateParams
from karaden.param.message_detail_params import MessageDetailParams
from karaden.param.message_list_params import MessageListParams
from karaden.request_options import RequestOptions
from karaden.service import bulk_message_service
from karaden.service.bulk_message_service import BulkMessageService
from karaden.utility import Utility

from sandbox.gateway.app import Settings
from sandbox.gateway.testing import START, HandClock, RunningGateway, running_gateway

MISSING = "00000000-0000-4000-8000-000000000000"
CSV = "電話番号,本文\n09000010001,お知らせ\n"

Provoke = Callable[[RequestOptions], Any]


def options_for(gateway: RunningGateway) -> RequestOptions:
    assert karaden.__version__
    return (
        RequestOptions.new_builder()
        .with_api_base(gateway.base_url)
        .with_tenant_id(gateway.tenant)
        .with_api_key(gateway.token)
        .with_connection_timeout(5)
        .with_read_timeout(5)
        .build()
    )


@pytest.fixture
def options(gateway: RunningGateway) -> RequestOptions:
    return options_for(gateway)


@pytest.fixture(scope="module")
def enterprise_gateway(hand_clock: HandClock) -> Iterator[RunningGateway]:
    with running_gateway(Settings(clock=hand_clock, has_bulk=True)) as gateway:
        yield gateway


@pytest.fixture
def bulk(enterprise_gateway: RunningGateway, hand_clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> RequestOptions:
    """Options for a gateway with the bulk calls; where the SDK would sleep, the emulator's clock moves."""
    hand_clock.moment = START
    clock = SimpleNamespace(sleep=lambda seconds: hand_clock.advance(seconds=seconds))
    monkeypatch.setattr(bulk_message_service, "time", clock)
    return options_for(enterprise_gateway)


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "upload.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def booking(scheduled_at: datetime, **fields: str) -> MessageCreateParams:
    given = {"to": "09000010001", "body": "お知らせ", **fields}
    return MessageCreateParams(1, tags=["notice-7"], is_shorten=False, scheduled_at=scheduled_at, **given)


def create(options: RequestOptions, **fields: str) -> Any:
    return Message.create(booking(START + timedelta(days=1), **fields), options)


def cancel_twice(options: RequestOptions) -> None:
    message = create(options)
    for _ in range(2):
        Message.cancel(MessageCancelParams(message.id), options)


def other(options: RequestOptions, **changes: str) -> RequestOptions:
    changed = options.merge(None)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def test_create_find_read_and_cancel(options: RequestOptions) -> None:
    tomorrow = START + timedelta(days=1)
    created = create(options)
    assert (created.status, created.tags, created.scheduled_at) == ("waiting", ["notice-7"], tomorrow)
    query = MessageListParams(tag="notice-7", status="waiting", start_at=START, end_at=tomorrow.astimezone(UTC))
    found = Message.list(query, options)
    assert ([message.id for message in found.data], found.has_more) == ([created.id], False)
    assert Message.detail(MessageDetailParams(created.id), options).body == "お知らせ"
    assert Message.cancel(MessageCancelParams(created.id), options).status == "canceled"


CALLS: dict[str, Provoke] = {
    "create": create,
    "list": lambda options: Message.list(MessageListParams(), options),
    "get": lambda options: Message.detail(MessageDetailParams(MISSING), options),
    "cancel": lambda options: Message.cancel(MessageCancelParams(MISSING), options),
}

# what is done, the SDK's error, the contract's code
REFUSALS: list[tuple[Provoke, type[KaradenException], str]] = [
    (cancel_twice, BadRequestException, "can_not_cancel_message"),
    (lambda options: CALLS["list"](other(options, tenant_id=MISSING)), BadRequestException, "invalid_tenant"),
    (lambda options: CALLS["list"](other(options, api_version="2020-01-01")), BadRequestException, "invalid_version"),
    (lambda options: CALLS["list"](other(options, api_key="wrong")), UnauthorizedException, "unauthentication"),
    (CALLS["get"], NotFoundException, "model_not_found"),
    (CALLS["cancel"], NotFoundException, "model_not_found"),
    (lambda options: create(options, to="0312345678"), UnprocessableEntityException, "validation_error"),
    (lambda options: create(options, body="あ" * 661), UnprocessableEntityException, "validation_error"),
    (
        lambda options: Message.list(MessageListParams(per_page=101), options),
        UnprocessableEntityException,
        "validation_error",
    ),
    (BulkFile.create, NotFoundException, "model_not_found"),
]


@pytest.mark.parametrize(("provoke", "kind", "code"), REFUSALS)
def test_refusals(options: RequestOptions, provoke: Provoke, kind: type[KaradenException], code: str) -> None:
    with pytest.raises(kind) as raised:
        provoke(options)
    assert raised.value.error is not None
    assert raised.value.error.code == code


# fault, the SDK's error, the contract's code
FAULTS: list[tuple[str, type[KaradenException], str | None]] = [
    ("401", UnauthorizedException, "unauthentication"),
    ("403", ForbiddenException, "forbidden"),
    ("429", TooManyRequestsException, "too_many_requests"),
    ("500_before", UnknownErrorException, "unknown"),
    ("unreadable_before", UnexpectedValueException, None),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("fault", "kind", "code"), FAULTS)
def test_faults(
    gateway: RunningGateway,
    options: RequestOptions,
    call: str,
    fault: str,
    kind: type[KaradenException],
    code: str | None,
) -> None:
    gateway.set_faults({"fault": fault, "call": call, "next": 1, "retry_after": 3})
    with pytest.raises(kind) as raised:
        CALLS[call](options)
    assert getattr(raised.value.error, "code", None) == code
    assert raised.value.headers.get("Retry-After") == ("3" if fault == "429" else None)
    assert getattr(raised.value, "status_code", None) == {"500_before": 500, "unreadable_before": 200}.get(fault)


# what the SDK refuses before it calls
OWN: list[tuple[Provoke, type[KaradenException]]] = [
    (lambda options: create(options, to=""), InvalidParamsException),
    (lambda options: CALLS["list"](other(options, tenant_id="")), InvalidRequestOptionsException),
    (lambda options: BulkMessageService.create("/nowhere/upload.csv", options), FileNotFoundException),
]


@pytest.mark.parametrize(("provoke", "kind"), OWN)
def test_what_does_not_reach_the_emulator(
    gateway: RunningGateway, options: RequestOptions, provoke: Provoke, kind: type[KaradenException]
) -> None:
    with pytest.raises(kind):
        provoke(options)
    assert gateway.calls()["total"] == 0


def download(bulk_id: str, folder: Path, options: RequestOptions, *, retries: int = 1) -> None:
    assert BulkMessageService.download(BulkMessageDownloadParams(bulk_id, str(folder), retries, 10), options)


def test_a_bulk_goes_up_and_its_result_comes_down(
    bulk: RequestOptions, enterprise_gateway: RunningGateway, upload: Path, tmp_path: Path
) -> None:
    submitted = BulkMessageService.create(str(upload), bulk)
    assert submitted.status == "waiting"
    assert BulkMessage.list_message(BulkMessageListMessageParams(submitted.id), bulk) is None
    download(submitted.id, tmp_path, bulk, retries=5)
    assert BulkMessage.show(BulkMessageShowParams(submitted.id), bulk).status == "done"
    assert (tmp_path / f"{submitted.id}.csv").read_text(encoding="utf-8") == CSV
    assert enterprise_gateway.counts()["accepted"] == 0


def test_a_file_is_submitted_once(bulk: RequestOptions, upload: Path) -> None:
    file = BulkFile.create(bulk)
    assert file.expires_at - file.created_at == timedelta(minutes=15)
    Utility.put_signed_url(file.url, str(upload), "text/csv", bulk)
    BulkMessage.create(BulkMessageCreateParams(file.id), bulk)
    with pytest.raises(UnknownErrorException) as raised:
        BulkMessage.create(BulkMessageCreateParams(file.id), bulk)
    assert raised.value.status_code == 409


def test_what_no_bulk_is_known_by(bulk: RequestOptions) -> None:
    with pytest.raises(NotFoundException):
        BulkMessage.create(BulkMessageCreateParams(MISSING), bulk)
    with pytest.raises(NotFoundException):
        BulkMessage.show(BulkMessageShowParams(MISSING), bulk)
    with pytest.raises(UnknownErrorException) as raised:
        BulkMessage.list_message(BulkMessageListMessageParams(MISSING), bulk)
    assert raised.value.status_code == 404


def test_an_upload_comes_too_late_or_forged(bulk: RequestOptions, upload: Path, hand_clock: HandClock) -> None:
    url = BulkFile.create(bulk).url
    with pytest.raises(FileUploadFailedException):
        Utility.put_signed_url(url[:-1] + "x", str(upload), "text/csv", bulk)
    hand_clock.advance(minutes=15, seconds=1)
    with pytest.raises(FileUploadFailedException):
        Utility.put_signed_url(url, str(upload), "text/csv", bulk)


# content of the file, seconds since it was submitted, minutes that the link to the result lies idle
BULK_FAILURES = [
    ("", 60, 0, BulkMessageCreateFailedException),
    (CSV, 0, 0, BulkMessageShowRetryLimitExceedException),
    (CSV, 30, 0, BulkMessageListMessageRetryLimitExceedException),
    (CSV, 60, 16, FileDownloadFailedException),
]


@pytest.mark.parametrize(("content", "age", "idle", "kind"), BULK_FAILURES)
def test_bulks_that_fail(
    bulk: RequestOptions,
    upload: Path,
    hand_clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    content: str,
    age: int,
    idle: int,
    kind: type[KaradenException],
) -> None:
    get_contents = BulkMessageService.get_contents

    def fetch_late(*arguments: Any) -> None:
        hand_clock.advance(minutes=idle)
        get_contents(*arguments)

    monkeypatch.setattr(BulkMessageService, "get_contents", staticmethod(fetch_late))
    upload.write_text(content, encoding="utf-8")
    submitted = BulkMessageService.create(str(upload), bulk)
    hand_clock.advance(seconds=age)
    with pytest.raises(kind):
        download(submitted.id, upload.parent, bulk)


def test_every_error_the_sdk_knows_is_driven_above() -> None:
    driven = {kind for table in (REFUSALS, FAULTS) for _, kind, _ in table} | {kind for _, kind in OWN}
    driven |= {kind for *_, kind in BULK_FAILURES} | {FileUploadFailedException}
    assert driven == set(KaradenException.__subclasses__())
