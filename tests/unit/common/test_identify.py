"""The identify secret: whose proofs count, and how long after a rotation."""

import hashlib
import hmac

import pytest

from services.common import identify
from services.kernel.auth.ring import KeyRing

SHOP, OTHER = "str_shop", "str_other"


def ring(keys: str = "k1:a-secret-of-the-tests-0123456789") -> KeyRing:
    return KeyRing(secret_keys=keys, contact_key="contacts", operator_key="operator-key-of-the-tests-0123456789")


def proof(secret: str, customer_id: str) -> str:
    """As a shop makes it, with its own language's library."""
    return hmac.new(secret.encode(), customer_id.encode(), hashlib.sha256).hexdigest()


def barred(generation: int) -> frozenset[str]:
    """What is revoked once this generation was handed out."""
    return frozenset(
        identify.key_id(SHOP, g) for n in range(generation + 1) if (g := identify.barred_by(n)) is not None
    )


def test_a_proof_is_of_one_customer_at_one_store() -> None:
    made = proof(identify.secret(ring(), SHOP, 0), "8412")
    assert identify.proves(ring(), frozenset(), SHOP, "8412", made)
    assert identify.proves(ring(), frozenset(), SHOP, "8412", f" {made.upper()} ")
    assert not identify.proves(ring(), frozenset(), SHOP, "8413", made)
    assert not identify.proves(ring(), frozenset(), OTHER, "8412", made)


@pytest.mark.parametrize("wrong", ["", "0" * 64, "é", "x" * 128, proof("", "8412"), proof("kith_pk_1", "8412")])
def test_anything_else_proves_nothing(wrong: str) -> None:
    assert not identify.proves(ring(), frozenset(), SHOP, "8412", wrong)


def test_ids_of_any_alphabet_are_proven() -> None:
    for customer_id in ("клиент-7", "a b", "🛒", "x" * 200):
        assert identify.proves(
            ring(), barred(0), SHOP, customer_id, proof(identify.secret(ring(), SHOP, 0), customer_id)
        )


@pytest.mark.parametrize("current", [0, 1, 2, 5])
def test_the_present_secret_and_the_one_before_are_valid(current: int) -> None:
    for generation in range(current + 1):
        made = proof(identify.secret(ring(), SHOP, generation), "8412")
        expected = generation >= current - 1
        assert identify.proves(ring(), barred(current), SHOP, "8412", made) is expected, generation


def test_a_rotated_ring_honours_secrets_of_its_older_key() -> None:
    made = proof(identify.secret(ring(), SHOP, 0), "8412")
    both = ring("k2:another-secret-0123456789,k1:a-secret-of-the-tests-0123456789")
    assert identify.secret(both, SHOP, 0) != identify.secret(ring(), SHOP, 0)
    assert identify.proves(both, frozenset(), SHOP, "8412", made)
    assert not identify.proves(ring("k2:another-secret-0123456789"), frozenset(), SHOP, "8412", made)
