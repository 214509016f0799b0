"""The emulator driven by the operator's own Python SDK, as an independent client."""

from datetime import UTC, datetime, timedelta

import karaden
import pytest
from karaden.exception.bad_request_exception import BadRequestException
from karaden.exception.karaden_exception import KaradenException
from karaden.exception.not_found_exception import NotFoundException
from karaden.exception.unauthorized_exception import UnauthorizedException
from karaden.exception.unprocessable_entity_exception import UnprocessableEntityException
from karaden.model.message import Message
from karaden.param.message_cancel_params import MessageCancelParams
from karaden.param.message_create_params import MessageCreateParams
from karaden.param.message_detail_params import MessageDetailParams
from karaden.param.message_list_params import MessageListParams
from karaden.request_options import RequestOptions

from sandbox.gateway.testing import START, HandClock, RunningGateway

MISSING = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def options(gateway: RunningGateway) -> RequestOptions:
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


def booking(scheduled_at: datetime, **fields: str) -> MessageCreateParams:
    given = {"to": "09000010001", "body": "お知らせ", **fields}
    return MessageCreateParams(1, tags=["notice-7"], is_shorten=False, scheduled_at=scheduled_at, **given)


def test_create_find_read_and_cancel(options: RequestOptions, hand_clock: HandClock) -> None:
    tomorrow = START + timedelta(days=1)
    created = Message.create(booking(tomorrow), options)
    assert (created.status, created.tags, created.scheduled_at) == ("waiting", ["notice-7"], tomorrow)
    query = MessageListParams(tag="notice-7", status="waiting", start_at=START, end_at=tomorrow.astimezone(UTC))
    found = Message.list(query, options)
    assert ([message.id for message in found.data], found.has_more) == ([created.id], False)
    assert Message.detail(MessageDetailParams(created.id), options).body == "お知らせ"
    assert Message.cancel(MessageCancelParams(created.id), options).status == "canceled"


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("cancel twice", BadRequestException, "can_not_cancel_message"),
        ("missing", NotFoundException, "model_not_found"),
        ("bad number", UnprocessableEntityException, "validation_error"),
        ("bad token", UnauthorizedException, "unauthentication"),
    ],
)
def test_errors_arrive_as_their_classes(
    options: RequestOptions, fault: str, kind: type[KaradenException], code: str
) -> None:
    with pytest.raises(kind) as raised:
        provoke(fault, options)
    assert raised.value.error is not None
    assert raised.value.error.code == code


def provoke(fault: str, options: RequestOptions) -> None:
    if fault == "cancel twice":
        message = Message.create(booking(START + timedelta(days=1)), options)
        for _ in range(2):
            Message.cancel(MessageCancelParams(message.id), options)
    elif fault == "missing":
        Message.detail(MessageDetailParams(MISSING), options)
    elif fault == "bad number":
        Message.create(booking(START, to="0312345678"), options)
    else:
        Message.list(MessageListParams(), options.merge(RequestOptions.new_builder().with_api_key("wrong").build()))
