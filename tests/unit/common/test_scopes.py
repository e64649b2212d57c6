"""What old keys may do today: all that came later, but nothing that leads friends or money away."""

import pytest

from services.common import scopes
from services.kernel.auth import api_keys
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.scopes import Scopes

RING = KeyRing(secret_keys="k1:" + "0123456789" * 4, contact_key="c" * 20, operator_key="o" * 20, scopes=scopes.SCOPES)


def test_a_key_of_the_first_format_reads_the_audit_and_sees_to_no_domains() -> None:
    may = scopes.SCOPES.from_mask(0xFFFE)
    later = {"audit:read", "webhooks:read", "webhooks:write", "pools:read", "pools:write"}
    assert may == scopes.FIRST | later == scopes.USUAL
    assert not may & scopes.NAMED_ONLY


def test_a_key_for_promo_codes_reads_no_pool_of_codes() -> None:
    given = frozenset({"codes:read", "codes:write"})
    assert scopes.SCOPES.from_mask(scopes.SCOPES.to_mask(given)) == given


@pytest.mark.parametrize("missing", sorted(scopes.FIRST))
def test_a_key_that_lacks_one_of_the_first_gains_nothing(missing: str) -> None:
    given = scopes.FIRST - {missing}
    assert scopes.SCOPES.from_mask(scopes.SCOPES.to_mask(given)) == given


def test_a_key_that_was_given_domains_too_keeps_them_and_gains_the_rest() -> None:
    later = {"payouts:read", "payouts:write", "goodwill:write", "credit:write"}
    assert scopes.SCOPES.from_mask(0x3FFFE) == scopes.SECRET - later


def test_a_publishable_key_gains_nothing() -> None:
    text = api_keys.issue(RING, kind="pk", store_id="str_1", key_id="key_1")
    assert api_keys.read(RING, text).scopes == {"track"}


def test_the_key_of_an_older_day_is_the_same_letter_for_letter() -> None:
    text = api_keys.issue(RING, kind="sk", store_id="str_1", key_id="key_1", scopes=scopes.FIRST)
    assert text.split("_")[5] == "fffe"
    assert api_keys.read(RING, text).scopes == scopes.USUAL


def test_where_money_goes_is_named_when_the_key_is_made() -> None:
    names = (*scopes.ALL, "payouts:write", "campaigns:read")
    later = frozenset(names) - scopes.FIRST - {"track", "payouts:write"} - scopes.NAMED_ONLY
    grown = Scopes(names, whole=scopes.FIRST, later=later)
    assert grown.from_mask(0xFFFE) - scopes.FIRST == later
    assert later == scopes.LATER | {"campaigns:read"}


def test_a_product_without_such_a_rule_reads_masks_as_they_are() -> None:
    plain = Scopes(("a", "b", "c"))
    assert plain.from_mask(0b011) == {"a", "b"}
    assert plain.from_mask(0) == frozenset()
