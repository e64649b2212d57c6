"""How a posting set's reason lies on disk: smaller, and byte for byte the text that the chain's hash covers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.ledger.domain import basis_text
from services.rewards.ledger.sql import pack_basis as pack
from services.rewards.ledger.sql import unpack_basis as unpack

GRANT = (
    '{"base":4600,"bound":null,"order":"100000","order_revision":1,"program_version":1,"reason":"granted","refunded":0,'
    '"rule":"ambassador","target":460,"total":5090,"want":460}'
)
PACKED_BY_VERSION_1 = bytes.fromhex("018339da04ac0cbba30d40803e2e073a03ee7253034bb8cb81e2b500")


@given(st.dictionaries(st.text(), st.text() | st.none() | st.integers(-(2**53), 2**53), max_size=12))
def test_what_is_packed_comes_back_byte_for_byte(basis: dict[str, int | str | None]) -> None:
    text = basis_text(basis)
    assert unpack(pack(text)) == text


@pytest.mark.parametrize(("text", "share"), [(GRANT, 6), ('{"granted_by":120417}', 1.5)])
def test_a_usual_one_takes_a_part_of_its_text(text: str, share: float) -> None:
    assert len(pack(text)) * share <= len(text)


def test_what_the_first_version_has_packed_is_read_for_ever() -> None:
    assert unpack(PACKED_BY_VERSION_1) == GRANT


@pytest.mark.parametrize("kept", [b"", b"\x02abc", pack(GRANT)[:-4], b"\xff\xfe"])
def test_what_cannot_be_read_is_refused(kept: bytes) -> None:
    with pytest.raises(ValueError, match=r"posting set|utf-8"):
        unpack(kept)
