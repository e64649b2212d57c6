"""What nobody honest sends, at the two places where it would do most harm: amounts, and events on the bus."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from contracts.events.catalog import KeyRevoked
from services.common import money
from services.kernel.bus import envelope
from services.kernel.bus.kafka_group import read_record
from services.kernel.bus.port import Record
from services.kernel.errors import Invalid

VALUE = b'{"store_id":"str_1","key_id":"key_1","revoked_at":"2026-11-27T10:00:00Z"}'


@pytest.mark.parametrize("text", ["1e999999999", "-1e999999999", "1_000", "\u0663.00", "NaN", "sNaN", "1.001", "", "-"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        money.from_decimal(text, "EUR")


def headers(**changed: bytes) -> dict[str, bytes]:
    made = envelope.headers(
        event_id="evt_1",
        type=KeyRevoked.TYPE,
        source="/kith/links",
        store_id="str_1",
        subject="key_1",
        at=datetime(2026, 11, 27, tzinfo=UTC),
        traceparent=None,
    )
    return made | changed


def test_a_whole_record_opens() -> None:
    assert envelope.open_event(Record("t", "k", VALUE, headers()), KeyRevoked).id == "evt_1"


@pytest.mark.parametrize(
    "changed", [{"ce_time": b"2026-11-27T10:00:00"}, {"ce_time": b""}, {"ce_time": b"\xff"}, {"ce_id": b"\xff"}]
)
def test_headers_that_say_nothing_break_the_contract(changed: dict[str, bytes]) -> None:
    with pytest.raises(envelope.ContractError):
        envelope.open_event(Record("t", "k", VALUE, headers(**changed)), KeyRevoked)


def test_a_strangers_record_is_read_before_it_is_judged() -> None:
    record = read_record("t", SimpleNamespace(key=b"\xff", value=None, headers=(("ce_time", None), ("ce_id", b"e"))))
    assert record.value == b""
    with pytest.raises(envelope.ContractError):
        envelope.open_event(record, KeyRevoked)
