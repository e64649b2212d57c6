"""Whatever anybody makes of a signed text, it is refused or says what was signed: nothing else can be made of it."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from contracts.events.tracking import TokenClaims
from services.common import click_token, identify
from services.common.click_token import TokenProblem
from services.common.portal_session import (
    PortalEntry,
    PortalSession,
    issue_portal_entry,
    issue_portal_session,
    read_portal_entry,
    read_portal_session,
)
from services.common.scopes import SCOPES
from services.kernel.auth import api_keys, sessions
from services.kernel.auth.at_rest import decrypt, encrypt
from services.kernel.auth.ring import KeyRing
from services.kernel.errors import Unauthorized
from services.kernel.ids import new_id
from tests.support.chance import chance, examples, tally

RING = KeyRing(secret_keys="k1:" + "a" * 32, contact_key="c", operator_key="o", scopes=SCOPES)
STORE, KEY, AMBASSADOR = new_id("str"), new_id("key"), new_id("amb")
HOUR = timedelta(hours=1)
END = datetime(2100, 1, 1, tzinfo=UTC)
JOINED = datetime(2026, 11, 1, tzinfo=UTC)
CLAIMS = TokenClaims(
    click_id=new_id("clk"),
    link_id=new_id("lnk"),
    program_id=new_id("prg"),
    ambassador_id=AMBASSADOR,
    at=JOINED,
    quality="person",
)
ODD = "".join(map(chr, (*range(33, 127), 0, 9, 10, 31, 160, 233, 1080, 8232, 65533, 128722)))


def mutated(luck: Random, good: str) -> str:
    """One to nine changes: signs replaced, put in, left out, swapped, the end cut off or doubled, or case."""
    text = list(good)
    for _ in range(luck.choice((1, 1, 1, 2, 3, 9))):
        place = luck.randrange(len(text) + 1)
        match luck.randrange(7):
            case 0 if place < len(text):
                text[place] = luck.choice(ODD)
            case 1:
                text.insert(place, luck.choice(ODD))
            case 2:
                del text[place : place + luck.choice((1, 1, 5))]
            case 3:
                del text[place:]
            case 4:
                text += text[place:]
            case 5 if place < len(text):
                other = luck.randrange(len(text))
                text[place], text[other] = text[other], text[place]
            case _:
                text[place : place + 1] = [sign.swapcase() for sign in text[place : place + 1]]
    return "".join(text)


def of_a_click(text: str) -> object:
    found = click_token.read(RING, text, store_id=STORE)
    return None if isinstance(found, TokenProblem) else found


def of_an_identity(text: str) -> object:
    return True if identify.proves(RING, frozenset(), STORE, "8412", text) else None


def of_what_is_kept(text: str) -> object:
    try:
        return decrypt(RING, "x", text.encode("latin-1"), owner="hok_1")
    except (ValueError, UnicodeEncodeError):
        return None


def refusing(read: Callable[[KeyRing, str], object]) -> Callable[[str], object]:
    def read_or_refuse(text: str) -> object:
        try:
            return read(RING, text)
        except Unauthorized:
            return None

    return read_or_refuse


def customer_proof() -> str:
    return hmac.new(identify.secret(RING, STORE, 0).encode(), b"8412", hashlib.sha256).hexdigest()


SIGNED: dict[str, tuple[Callable[[], str], Callable[[str], object]]] = {
    "a click token": (lambda: click_token.issue(RING, STORE, CLAIMS), of_a_click),
    "a proof of a customer": (customer_proof, of_an_identity),
    "a secret key": (
        lambda: api_keys.issue(RING, kind="sk", store_id=STORE, key_id=KEY),
        refusing(api_keys.read),
    ),
    "a publishable key": (
        lambda: api_keys.issue(RING, kind="pk", store_id=STORE, key_id=KEY),
        refusing(api_keys.read),
    ),
    "a session's cookie": (
        lambda: sessions.issue_session(RING, store_id=STORE, key_id=KEY, scopes=["orders:read"], life=HOUR),
        refusing(sessions.read_session),
    ),
    "a sign-in link": (
        lambda: sessions.issue_sign_in(RING, store_id=STORE, key_id=KEY, scopes=["links:*"], life=HOUR),
        refusing(sessions.read_sign_in),
    ),
    "a portal's address": (
        lambda: issue_portal_entry(RING, PortalEntry(STORE, AMBASSADOR, "nonce", "mail", END)),
        refusing(read_portal_entry),
    ),
    "a portal's cookie": (
        lambda: issue_portal_session(RING, PortalSession(STORE, AMBASSADOR, "s1", END, END)),
        refusing(read_portal_session),
    ),
    "what is encrypted at rest": (
        lambda: encrypt(RING, "x", b"shpss_1234567890", owner="hok_1").decode("latin-1"),
        of_what_is_kept,
    ),
}


@pytest.mark.parametrize("what", SIGNED)
def test_no_change_of_it_says_anything_else(what: str) -> None:
    issue, read = SIGNED[what]
    luck, tries, good = chance(what), examples(2_000), issue()
    signed = read(good)
    assert signed is not None
    for _ in range(tries):
        changed = mutated(luck, good)
        assert read(changed) in (None, signed), changed
    tally(f"changes of {what}", tries)


@pytest.mark.parametrize("what", SIGNED)
def test_what_is_signed_for_one_purpose_is_worth_nothing_for_another(what: str) -> None:
    both_read = {"a secret key", "a publishable key"}  # one reader, which says which of the two it is
    for other, (issue, _) in SIGNED.items():
        if other != what and {what, other} != both_read:
            assert SIGNED[what][1](issue()) is None, other
