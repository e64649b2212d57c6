"""Sessions, sign-in links and portal tokens: each good for its own purpose and time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.portal_session import (
    PortalEntry,
    PortalSession,
    issue_portal_entry,
    issue_portal_session,
    portal_cookie_name,
    read_portal,
    read_portal_entry,
    read_portal_session,
)
from services.common.scopes import SCOPES
from services.kernel.auth import sessions
from services.kernel.auth.principal import Principal
from services.kernel.auth.ring import KeyRing
from services.kernel.errors import Unauthorized

RING = KeyRing(secret_keys="k1:" + "a" * 32, contact_key="c", operator_key="o", scopes=SCOPES)
HOUR = timedelta(hours=1)
SOON = datetime.now(UTC).replace(microsecond=0) + 2 * HOUR
READERS: tuple[Callable[..., object], ...] = (
    *(sessions.read_session, sessions.read_sign_in, read_portal),
    *(read_portal_session, read_portal_entry),
)


def test_a_session_tells_store_and_scopes() -> None:
    text = sessions.issue_session(RING, store_id="str_a", key_id="key_1", scopes=["orders:read"], life=HOUR)
    read = sessions.read_session(RING, text)
    assert (read.store_id, sorted(read.scopes)) == ("str_a", ["orders:read"])
    assert HOUR - timedelta(minutes=1) < read.expires_at - datetime.now(UTC) <= HOUR


def test_a_sign_in_link_has_a_nonce_of_its_own() -> None:
    first, second = (
        sessions.read_sign_in(
            RING, sessions.issue_sign_in(RING, store_id="str_a", key_id="key_1", scopes=["links:*"], life=HOUR)
        )
        for _ in range(2)
    )
    assert first.scopes == {"links:read", "links:write"}
    assert first.nonce != second.nonce
    assert len(first.nonce) >= 20


def test_an_ambassadors_session_and_the_address_that_opens_one_read_as_they_were_made() -> None:
    session = PortalSession("str_a", "amb_a", "session-1", SOON - HOUR, SOON)
    assert read_portal_session(RING, issue_portal_session(RING, session)) == session
    assert session.principal == Principal("ambassador", "amb_a", "session-1")
    entry = PortalEntry("str_a", "amb_a", "nonce-1", "server", SOON)
    assert issue_portal_entry(RING, entry) == issue_portal_entry(RING, entry)
    assert read_portal_entry(RING, issue_portal_entry(RING, entry)) == entry


def test_over_https_the_portals_cookie_is_one_that_no_other_host_can_set() -> None:
    name = portal_cookie_name(secure=True)
    cookie = sessions.session_cookie("x", max_age_s=5, secure=True, name=name)
    assert cookie.startswith("__Host-kith_portal=x; Path=/; ")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_each_is_good_for_its_own_purpose_only() -> None:
    made = (
        sessions.issue_session(RING, store_id="str_a", key_id="key_1", scopes=[], life=HOUR),
        sessions.issue_sign_in(RING, store_id="str_a", key_id="key_1", scopes=[], life=HOUR),
        sessions.seal(RING, "portal", ("str_a", "amb_a"), life=HOUR),
        issue_portal_session(RING, PortalSession("str_a", "amb_a", "s", SOON, SOON)),
        issue_portal_entry(RING, PortalEntry("str_a", "amb_a", "n", "server", SOON)),
    )
    for n, text in enumerate(made):
        for m, read in enumerate(READERS):
            if n == m:
                read(RING, text)
            else:
                with pytest.raises(Unauthorized):
                    read(RING, text)


def test_none_outlives_its_time() -> None:
    text = sessions.issue_session(RING, store_id="str_a", key_id="key_1", scopes=[], life=HOUR)
    later = datetime.now(UTC) + HOUR + timedelta(seconds=1)
    with pytest.raises(Unauthorized, match="over"):
        sessions.read_session(RING, text, now=later)


@given(st.one_of(st.text(max_size=200), st.from_regex(r"k1\.[\w-]{0,80}\.[\w-]{25,29}", fullmatch=True)))
def test_any_other_text_is_unauthorized(text: str) -> None:
    for read in READERS:
        with pytest.raises(Unauthorized):
            read(RING, text)


def test_no_change_of_a_character_is_accepted() -> None:
    text = sessions.issue_session(RING, store_id="str_a", key_id="key_1", scopes=["orders:read"], life=HOUR)
    # The last character of each part carries spare bits; those before it do not.
    for place in [n for n in range(3, len(text) - 1) if "." not in text[n : n + 2]]:
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(Unauthorized):
            sessions.read_session(RING, changed)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites() -> None:
    header = sessions.session_cookie("v", max_age_s=3600, secure=True)
    assert header == "kith_session=v; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"
    assert "Secure" not in sessions.session_cookie("v", max_age_s=3600, secure=False)
