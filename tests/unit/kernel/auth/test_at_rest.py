"""What is encrypted at rest opens for its owner and purpose only, and survives a rotation of keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.auth.at_rest import decrypt, encrypt
from services.kernel.auth.ring import KeyRing

OLD = "k1:a-secret-of-the-tests-0123456789"


def ring(secret_keys: str = OLD) -> KeyRing:
    return KeyRing(secret_keys=secret_keys, contact_key="c", operator_key="o")


@given(st.binary(max_size=300))
def test_it_opens_as_it_was(plain: bytes) -> None:
    assert decrypt(ring(), "x", encrypt(ring(), "x", plain, owner="a"), owner="a") == plain


def test_it_tells_nothing_and_is_never_the_same_twice() -> None:
    first, second = (encrypt(ring(), "x", b"shpss_1234567890", owner="hok_1") for _ in range(2))
    assert b"shpss" not in first
    assert first != second


def test_it_survives_a_rotation_until_its_key_leaves_the_ring() -> None:
    hidden = encrypt(ring(), "x", b"text", owner="a")
    rotated = ring("k2:another-secret-0123456789," + OLD)
    assert decrypt(rotated, "x", hidden, owner="a") == b"text"
    with pytest.raises(ValueError, match="gone"):
        decrypt(ring("k2:another-secret-0123456789"), "x", hidden, owner="a")


def test_for_another_owner_or_purpose_or_with_a_changed_byte_it_does_not_open() -> None:
    hidden = encrypt(ring(), "x", b"text", owner="a")
    changed = [hidden[:n] + bytes((hidden[n] ^ 1,)) + hidden[n + 1 :] for n in range(len(hidden))]
    wrong = [(hidden, "x", "b"), (hidden, "y", "a"), *((text, "x", "a") for text in (*changed, hidden[:5], b"", b"."))]
    for text, purpose, owner in wrong:
        with pytest.raises(ValueError, match=r"not encrypted for its owner|gone"):
            decrypt(ring(), purpose, text, owner=owner)
