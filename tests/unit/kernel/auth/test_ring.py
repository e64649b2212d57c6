"""The key ring: purposes apart, rotation, refusals that show nothing."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.auth.ring import KeyRing

OPERATOR = "o" * 32


def ring(secret_keys: str = "k1:" + "a" * 32, contact_key: str = "contacts") -> KeyRing:
    return KeyRing(secret_keys=secret_keys, contact_key=contact_key, operator_key=OPERATOR)


@given(st.binary(max_size=300))
def test_a_tag_is_plain_hmac_sha256_under_the_derived_key(message: bytes) -> None:
    derived = hmac.digest(b"a" * 32, b"kith:api-key", "sha256")
    assert ring().tag("api-key", message) == ("k1", hmac.digest(derived, message, "sha256"))


def test_a_long_secret_is_hashed_first_as_hmac_says() -> None:
    key = "c" * 100
    expected = hmac.new(key.encode(), b"m", hashlib.sha256).digest()
    assert ring(contact_key=key).contact_tag(b"m") == expected


def test_a_tag_of_one_purpose_is_worth_nothing_for_another() -> None:
    kid, tag = ring().tag("api-key", b"m")
    assert ring().verify("api-key", kid, b"m", tag)
    assert not ring().verify("click-token", kid, b"m", tag)


def test_a_truncated_tag_verifies_but_not_a_short_one() -> None:
    kid, tag = ring().tag("p", b"m")
    assert ring().verify("p", kid, b"m", tag[:12])
    assert not ring().verify("p", kid, b"m", tag[:11])
    assert not ring().verify("p", kid, b"m", b"")
    assert not ring().verify("p", kid, b"m", tag + b"x")


def test_after_a_rotation_the_new_key_signs_and_the_old_still_verifies() -> None:
    kid, tag = ring("k1:" + "a" * 32).tag("p", b"m")
    rotated = ring("k2:" + "b" * 32 + ",k1:" + "a" * 32)
    assert rotated.verify("p", kid, b"m", tag)
    assert rotated.tag("p", b"m")[0] == "k2"
    retired = ring("k2:" + "b" * 32)
    assert not retired.verify("p", kid, b"m", tag)


def test_hashes_of_contacts_do_not_change_with_the_ring() -> None:
    rotated = ring("k2:" + "b" * 32)
    assert ring().contact_tag(b"e:anna@example.com") == rotated.contact_tag(b"e:anna@example.com")


@pytest.mark.parametrize("presented", [b"", b"o", b"o" * 31, b"o" * 33, "ö".encode() * 16, b"\xff" * 32, b"\0" * 32])
def test_only_the_operator_s_own_key_is_the_operator_s(presented: bytes) -> None:
    assert ring().is_operator(OPERATOR.encode())
    assert not ring().is_operator(presented)


@pytest.mark.parametrize(
    "secret_keys",
    [
        "",
        ",",
        "a" * 32,
        ":" + "a" * 32,
        "k1:short",
        "K1:" + "a" * 32,
        "k_1:" + "a" * 32,
        "k1:a" + "b" * 32 + ",k1:" + "c" * 32,
    ],
)
def test_a_ring_that_cannot_be_read_is_refused_without_showing_it(secret_keys: str) -> None:
    with pytest.raises(ValueError) as refusal:
        ring(secret_keys)
    assert "aaaa" not in str(refusal.value)


@pytest.mark.parametrize("missing", ["contact_key", "operator_key"])
def test_a_missing_secret_is_named(missing: str) -> None:
    secrets = {"contact_key": "c", "operator_key": "o"} | {missing: ""}
    with pytest.raises(ValueError, match=missing):
        KeyRing(secret_keys="k1:" + "a" * 32, contact_key=secrets["contact_key"], operator_key=secrets["operator_key"])
