"""Our signer beside the standard's own vectors and library, the schedule, and what an answer means."""

import base64
from datetime import UTC, datetime, timedelta
from typing import get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from services.common import signatures
from services.connectors.endpoints.actions.again import sample
from services.connectors.endpoints.domain import tries, webhooks
from services.connectors.endpoints.schemas import WebhookType
from tests.contract.test_architecture import ROOT

SPECIFIED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_vector_of_the_specification() -> None:
    keys = [base64.b64decode(SPECIFIED.removeprefix(signatures.MARK))]
    made = signatures.sign(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(
    keys=st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=3),
    name=st.from_regex(r"[a-z]{3}_[a-z0-9]{1,40}", fullmatch=True),
    data=st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=5),
)
def test_the_library_of_the_standard_verifies_what_each_of_several_secrets_signed(
    keys: list[bytes], name: str, data: dict[str, str]
) -> None:
    body, at = orjson.dumps(data), int(datetime.now(UTC).timestamp())
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": signatures.sign(keys, name, at, body),
    }
    for key in keys:
        assert Webhook(signatures.as_text(key)).verify(body, headers) == data
    for changed in (headers | {"webhook-id": f"{name}x"}, headers | {"webhook-timestamp": str(at - 1)}):
        with pytest.raises(WebhookVerificationError):
            Webhook(signatures.as_text(keys[0])).verify(body, changed)
    assert all(base64.b64decode(one[3:]) for one in headers["webhook-signature"].split(" "))


def test_the_waits_are_those_of_the_guide_and_never_shorter_than_was_asked() -> None:
    assert tries.wait_after(len(tries.WAITS), None, 0.5) is None
    assert sum(tries.WAITS, timedelta()) == timedelta(hours=27, minutes=35, seconds=5)
    for failures, wait in enumerate(tries.WAITS):
        assert tries.wait_after(failures, None, 0.5) == wait
        assert tries.wait_after(failures, None, 0.0) == 0.8 * wait
        assert tries.wait_after(failures, timedelta(hours=20), 1.0) == timedelta(hours=20)
    holds = [tries.hold_of(streak) for streak in range(100)]
    assert holds[:2] == [timedelta()] * 2
    assert holds == sorted(holds)
    assert holds[-1] == timedelta(minutes=5)


def test_what_is_kept_of_an_answer_can_be_stored_and_shown() -> None:
    assert tries.readable(b"a\x00b\xff\x1b[31m\ncaf\xc3\xa9" + b"x" * 5000).startswith("a�b��[31m\ncafé")


def test_all_that_is_told_can_be_asked_for() -> None:
    assert get_args(WebhookType) == webhooks.TYPES


def test_the_guide_shows_a_sample_of_each_kind_as_it_is_sent() -> None:
    guide = (ROOT / "docs" / "webhooks.md").read_text()
    at = datetime(2026, 11, 3, 10, 15, 31, 204000, UTC)
    for type_ in webhooks.TYPES:
        shown = orjson.dumps(orjson.loads(sample(type_, at)), option=orjson.OPT_INDENT_2).decode()
        assert f"### `{type_}`\n\n```json\n{shown}\n```\n" in guide, f"the guide's sample of {type_} is another"
