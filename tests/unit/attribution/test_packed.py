"""How decisions lie on disk: smaller, and byte for byte what was decided."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attribution.decisions.sql.packed import pack, unpack

USUAL = (
    b'{"cancelled":false,"candidates":[],"candidates_total":0,"checks":[],"engine":"2","figures":{"currency":"EUR",'
    b'"discount_minor":0,"items":[],"shipping_minor":490,"status":"paid","subtotal_minor":4600,"tax_minor":0,'
    b'"total_minor":5090},"friend_id":"8002","new_customer":true,"order_id":"100000","order_number":1,'
    b'"over_refunded":false,"pending":[],"placed_at":"2026-11-29T00:01:44.282565Z","reason":"no_evidence",'
    b'"refunded_minor":0,"status":"unattributed"}'
)
PACKED_BY_VERSION_1 = bytes.fromhex(
    "01aba6429ea7552232b1a455323230202a19810015d39191658881819581a19589899e918591a9992955ca7900"
)


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.lists(st.text()), max_size=40))
def test_what_is_packed_comes_back_byte_for_byte(decision: dict[str, object]) -> None:
    body = orjson.dumps(decision)
    assert unpack(pack(body)) == body


def test_a_usual_decision_takes_less_than_a_third() -> None:
    assert len(pack(USUAL)) * 3 < len(USUAL)


def test_a_decision_from_before_is_read_as_it_is() -> None:
    assert unpack(USUAL) == USUAL


def test_what_the_first_version_has_packed_is_read_for_ever() -> None:
    assert unpack(PACKED_BY_VERSION_1) == USUAL


@pytest.mark.parametrize("kept", [b"", b"\x02abc", pack(USUAL)[:-4]])
def test_what_cannot_be_read_is_refused(kept: bytes) -> None:
    with pytest.raises(ValueError, match="decision"):
        unpack(kept)
