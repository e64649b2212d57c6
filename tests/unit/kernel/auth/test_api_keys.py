"""API keys: deterministic, self-contained, narrowed by scope."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.common import scopes
from services.common.scopes import SCOPES
from services.kernel.auth import api_keys
from services.kernel.auth.ring import KeyRing
from services.kernel.errors import Unauthorized
from services.kernel.ids import new_id

RING = KeyRing(secret_keys="k1:" + "a" * 32, contact_key="c", operator_key="o", scopes=SCOPES)


@given(st.sets(st.sampled_from(sorted(scopes.SECRET))), st.sampled_from(["sk", "pk"]))
@example(set(scopes.FIRST), "sk")
@example(set(scopes.FIRST) - {"orders:read"}, "sk")
def test_a_key_tells_what_it_was_made_of(granted: set[str], kind: api_keys.KeyKind) -> None:
    wanted = granted if kind == "sk" else {"track"}
    along = scopes.LATER if wanted >= scopes.FIRST else frozenset[str]()
    store, key = new_id("str"), new_id("key")
    text = api_keys.issue(RING, kind=kind, store_id=store, key_id=key, scopes=wanted)
    assert api_keys.read(RING, text) == api_keys.Caller(store, key, kind, frozenset(wanted) | along)
    assert text == api_keys.issue(RING, kind=kind, store_id=store, key_id=key, scopes=sorted(wanted))
    assert text.startswith(f"kith_{kind}_")
    assert text.replace("_", "").isalnum()


def test_without_scopes_a_key_gets_what_its_kind_usually_has() -> None:
    secret = api_keys.read(RING, api_keys.issue(RING, kind="sk", store_id="str_a", key_id="key_a"))
    assert secret.scopes == frozenset(scopes.ALL) - {"track"} - scopes.NAMED_ONLY
    publishable = api_keys.read(RING, api_keys.issue(RING, kind="pk", store_id="str_a", key_id="key_a"))
    assert publishable.scopes == {"track"}


def test_a_star_stands_for_both_of_a_thing() -> None:
    text = api_keys.issue(RING, kind="sk", store_id="str_a", key_id="key_a", scopes=["links:*"])
    assert api_keys.read(RING, text).scopes == {"links:read", "links:write"}


def test_a_publishable_key_cannot_be_given_more() -> None:
    with pytest.raises(ValueError, match="only track"):
        api_keys.issue(RING, kind="pk", store_id="str_a", key_id="key_a", scopes=["orders:write"])


@pytest.mark.parametrize("scope", ["", "orders", "orders:delete", "money:*", "*", "TRACK"])
def test_an_unknown_scope_is_named(scope: str) -> None:
    with pytest.raises(ValueError, match="unknown scope"):
        api_keys.issue(RING, kind="sk", store_id="str_a", key_id="key_a", scopes=[scope])


@pytest.mark.parametrize(
    ("store", "key"),
    [("prg_a", "key_a"), ("str_a", "str_a"), ("str_", "key_a"), ("str_A", "key_a"), ("str_a_b", "key_a")],
)
def test_an_id_of_another_kind_makes_no_key(store: str, key: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        api_keys.issue(RING, kind="sk", store_id=store, key_id=key)


def test_turning_a_publishable_key_into_a_secret_one_breaks_it() -> None:
    text = api_keys.issue(RING, kind="pk", store_id="str_a", key_id="key_a")
    for forged in (
        text.replace("kith_pk", "kith_sk"),
        text.replace("_a_a_1_", "_a_a_ffff_"),
        text.replace("_a_a_", "_b_a_"),
    ):
        assert forged != text
        with pytest.raises(Unauthorized):
            api_keys.read(RING, forged)


def test_another_ring_s_key_is_none_of_ours() -> None:
    other = KeyRing(secret_keys="k1:" + "b" * 32, contact_key="c", operator_key="o", scopes=SCOPES)
    with pytest.raises(Unauthorized):
        api_keys.read(RING, api_keys.issue(other, kind="sk", store_id="str_a", key_id="key_a"))


def test_the_list_of_scopes_is_only_ever_appended_to() -> None:
    assert scopes.ALL[:16] == (
        *(
            "track",
            "programs:read",
            "programs:write",
            "ambassadors:read",
            "ambassadors:write",
            "links:read",
            "links:write",
        ),
        *("codes:read", "codes:write", "keys:read", "keys:write", "orders:read", "orders:write", "rewards:read"),
        *("rewards:write", "metrics:read"),
    )
