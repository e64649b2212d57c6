"""How small texts lie on disk: smaller, and byte for byte what they were."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.packed import Packing

FIRST = Packing("a note", b'{"colour":"green","size":"large"}')
SECOND = Packing("a note", b'{"colour":"green","size":"large"}', b'{"made_in":"Chisinau","size":"large"}')
NOTE = b'{"colour":"green","size":"large","made_in":"Chisinau"}'


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.lists(st.text()), max_size=40))
def test_what_is_packed_comes_back_byte_for_byte(reported: dict[str, object]) -> None:
    text = orjson.dumps(reported)
    kept = SECOND.pack(text)
    assert SECOND.unpack(kept) == text
    assert len(kept) <= len(text)


def test_better_words_read_what_the_first_ones_packed() -> None:
    assert FIRST.pack(NOTE)[0] == 1
    assert SECOND.pack(NOTE)[0] == 2
    assert SECOND.unpack(FIRST.pack(NOTE)) == SECOND.unpack(SECOND.pack(NOTE)) == NOTE


@pytest.mark.parametrize("text", [NOTE, b"-", b"1"])
def test_what_is_plain_is_read_as_it_is(text: bytes) -> None:
    assert FIRST.unpack(text) == text


@pytest.mark.parametrize("kept", [b"", b"\x00abc", SECOND.pack(NOTE), FIRST.pack(NOTE)[:-4]])
def test_what_cannot_be_read_is_refused(kept: bytes) -> None:
    with pytest.raises(ValueError, match="a note"):
        FIRST.unpack(kept)
