"""What is sealed opens for its service, owner and purpose only, and survives a rotation with overlap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.auth import at_rest
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.settings import Settings

OLD = "k1:connectors-own-0123456789"
NEW = "k2:connectors-own-9876543210"
RING = KeyRing(secret_keys="k1:a-secret-of-the-tests-0123456789", contact_key="c", operator_key="o")


def sealing(keys: str = OLD) -> Sealing:
    return Sealing(keys, before=RING)


@given(st.binary(max_size=300))
def test_it_opens_as_it_was(plain: bytes) -> None:
    assert sealing().open("x", sealing().seal("x", plain, owner="a"), owner="a") == plain


def test_it_tells_nothing_and_is_never_the_same_twice() -> None:
    first, second = (sealing().seal("x", b"shpss_1234567890", owner="acc_1") for _ in range(2))
    assert b"shpss" not in first
    assert first != second


def test_another_services_keys_do_not_open_it_also_under_the_same_name() -> None:
    sealed = sealing().seal("x", b"text", owner="a")
    with pytest.raises(ValueError, match="not sealed for its owner"):
        sealing("k1:rewards-own-00000123456789").open("x", sealed, owner="a")


def test_the_key_ring_that_all_services_have_does_not_open_it() -> None:
    sealed = Sealing("k1:a-secret-of-the-tests-0123456789", before=RING).seal("x", b"text", owner="a")
    with pytest.raises(ValueError, match=r"gone|not encrypted"):
        at_rest.decrypt(RING, "x", sealed, owner="a")


def test_what_the_key_ring_encrypted_before_still_opens() -> None:
    assert sealing().open("x", at_rest.encrypt(RING, "x", b"text", owner="a"), owner="a") == b"text"


def test_it_survives_a_rotation_until_its_key_is_taken_away() -> None:
    sealed = sealing().seal("x", b"text", owner="a")
    overlap = sealing(f"{NEW},{OLD}")
    assert overlap.open("x", sealed, owner="a") == b"text"
    assert overlap.seal("x", b"text", owner="a").startswith(overlap.newest)
    assert not sealed.startswith(overlap.newest)
    with pytest.raises(ValueError, match="gone"):
        sealing(NEW).open("x", sealed, owner="a")


def test_for_another_owner_or_purpose_or_with_a_changed_byte_it_does_not_open() -> None:
    sealed = sealing().seal("x", b"text", owner="a")
    changed = [sealed[:n] + bytes((sealed[n] ^ 1,)) + sealed[n + 1 :] for n in range(len(sealed))]
    wrong = [(sealed, "x", "b"), (sealed, "y", "a"), *((text, "x", "a") for text in (*changed, sealed[:7], b"s:", b""))]
    for text, purpose, owner in wrong:
        with pytest.raises(ValueError, match=r"not sealed|not encrypted|gone"):
            sealing().open(purpose, text, owner=owner)


def test_without_keys_nothing_is_sealed_and_bad_keys_are_refused_without_showing_them() -> None:
    assert not sealing("")
    with pytest.raises(ValueError, match="no sealing keys"):
        sealing("").seal("x", b"text", owner="a")
    with pytest.raises(ValueError, match="sealing_keys must look like") as refused:
        sealing("a-secret-without-a-name-0123456789")
    assert "without-a-name" not in str(refused.value)


def test_a_services_keys_are_its_own_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_CONNECTORS_SEALING_KEYS", OLD)
    settings = Settings(sealing_keys={"rewards": NEW})  # type: ignore[dict-item]  # parsed
    sealed = settings.sealing_of("connectors", RING).seal("x", b"text", owner="a")
    assert sealing().open("x", sealed, owner="a") == b"text"
    assert settings.sealing_of("rewards", RING)
    assert not settings.sealing_of("analytics", RING)
