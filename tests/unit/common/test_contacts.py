"""Folding of contacts: one hash for the spellings that reach one person, different ones otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.contacts import contact_hashes, fold_email, fold_phone, is_hash, names_nobody
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


@pytest.mark.parametrize(
    "text",
    [
        '"eve"@example.com',
        '"e\\ve"@example.com',
        "eve(x)@example.com",
        "(a (nested) note)eve@example.com",
        "eve@(x)example.com",
        "eve(x)+shop@Example.com(y)",
        "e\u200bve@example.com",
        "eve@exam\u00adple.com",
    ],
)
def test_quoted_and_commented_addresses_fold_like_the_plain_one(text: str) -> None:
    assert fold_email(text) == "eve@example.com"


@pytest.mark.parametrize(
    "text",
    [
        *('"a b"@x.com', '"a@b"@x.com', '"a(b)"@x.com', "eve(x@example.com", "eve)@example.com", '"eve@example.com'),
        *(
            "<eve@x.com>",
            "Eve <eve@x.com>",
            "mailto:eve@x.com",
            "eve@[127.0.0.1]",
            "eve@x..com",
            "eve@-x.com",
            "a,b@x.com",
        ),
    ],
)
def test_what_only_looks_like_an_address_is_refused(text: str) -> None:
    assert fold_email(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("anonymous@shop.example", "Guest@shop.example", "none@none.com", "no-reply@shop.example", "noreply@x.de"),
        *("no.reply@gmail.com", "do_not_reply@x.com", '"anonymous"@x.com', "guest(1)@x.com", "guest+17@x.com"),
        *("somebody@shop.invalid", "test@test.com", "unknown@x.ru"),
    ],
)
def test_addresses_that_shops_fill_in_are_nobodys(text: str) -> None:
    assert contact_hashes(RING, email=text) == ()
    assert names_nobody(text)


@pytest.mark.parametrize(
    "text",
    [
        "0000000",
        "+7 000 000-00-00",
        "9999999999",
        "111-11-11",
        "+373 00000000",
        "+1 (555) 555-5555",
        "1234567890",
        "12345678",
    ],
)
def test_numbers_of_one_digit_are_nobodys(text: str) -> None:
    assert contact_hashes(RING, phone=text) == ()


@pytest.mark.parametrize(
    "text", ["+373 69 123 456", "+7 916 777-77-77", "+49 30 1234567", "+40 712 345 678", "555 12 34"]
)
def test_numbers_that_people_have_are_theirs(text: str) -> None:
    assert len(contact_hashes(RING, phone=text)) == 1


@pytest.mark.parametrize(
    "text", ["anna@guest.com", "none.such@x.com", "guestavo@x.com", "mail@mueller.de", "nil@x.com"]
)
def test_addresses_that_people_have_are_theirs(text: str) -> None:
    assert len(contact_hashes(RING, email=text)) == 1
    assert not names_nobody(text)


@pytest.mark.parametrize(
    "text", ["0", "000", "-1", " GUEST ", "null", "n/a", "Anonymous", "гость", "(not set)", "+7 0000000000"]
)
def test_ids_that_stand_for_any_guest_are_nobodys(text: str) -> None:
    assert names_nobody(text)


@pytest.mark.parametrize("text", ["1", "10", "g7", "guest-17", "nullable", "8412", "+7 916 123 45 67"])
def test_other_ids_are_somebodys(text: str) -> None:
    assert not names_nobody(text)


@given(st.emails())
def test_a_hash_is_told_from_what_it_was_made_of(address: str) -> None:
    assert all(is_hash(found) for found in contact_hashes(RING, email=address, phone="+40 721 000 000"))
    assert not is_hash(address)
