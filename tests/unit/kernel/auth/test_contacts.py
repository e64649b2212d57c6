"""Folding of contacts: one hash for the spellings that reach one person, different ones otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.auth.contacts import contact_hashes, fold_email, fold_phone
from services.kernel.auth.ring import KeyRing

RING = KeyRing(secret_keys="k1:" + "a" * 32, contact_key="c", operator_key="o")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Anna@Example.com", "anna@example.com"),
        (" anna@example.com ", "anna@example.com"),
        ("anna+shop@example.com", "anna@example.com"),
        ("an.na@example.com", "an.na@example.com"),
        ("an.na+x@gmail.com", "anna@gmail.com"),
        ("A.N.N.A@GoogleMail.com", "anna@gmail.com"),
        ("anna@example.com.", "anna@example.com"),
        ("анна@пример.рф", "анна@xn--e1afmkfd.xn--p1ai"),
        ("ａｎｎａ@example.com", "anna@example.com"),
        ("+x@example.com", "+x@example.com"),
        ('"a b"@example.com', None),
        ("anna", None),
        ("@example.com", None),
        ("anna@", None),
        ("", None),
        ("...@gmail.com", None),
        ("anna@" + "ü" * 80 + ".de", None),
    ],
)
def test_addresses_fold(text: str, folded: str | None) -> None:
    assert fold_email(text) == folded


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("+7 (916) 123-45-67", "79161234567"),
        ("8 916 123 45 67", "79161234567"),
        ("0049 30 1234567", "49301234567"),
        ("+84 912 345 678", "84912345678"),
        ("８９１６１２３４５６７", "79161234567"),
        ("555 12 34", "5551234"),
        ("12345", None),
        ("1" * 16, None),
        ("no number", None),
    ],
)
def test_phones_fold(text: str, folded: str | None) -> None:
    assert fold_phone(text) == folded


@given(st.text(max_size=80))
def test_folding_twice_is_folding_once_and_never_fails(text: str) -> None:
    email, phone = fold_email(text), fold_phone(text)
    assert email is None or fold_email(email) == email
    assert phone is None or fold_phone("+" + phone) == phone
    contact_hashes(RING, email=text, phone=text)


def test_hashes_name_their_kind_and_hide_the_contact() -> None:
    hashes = contact_hashes(RING, email="Anna+1@gmail.com", phone="+49 30 1234567")
    assert [one[:2] for one in hashes] == ["e_", "p_"]
    assert all(len(one) == 34 for one in hashes)
    assert hashes == contact_hashes(RING, email="a.nna@googlemail.com", phone="0049301234567")
    assert contact_hashes(RING, email="other@gmail.com")[0] != hashes[0]


def test_what_is_no_contact_has_no_hash() -> None:
    assert contact_hashes(RING) == ()
    assert contact_hashes(RING, email="none", phone="-") == ()
