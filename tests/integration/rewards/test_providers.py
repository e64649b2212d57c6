"""Payouts by call: each is paid once, whatever its provider does, and the books say what the provider's book says."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.rewards.money import audit, holding
from tests.integration.rewards.paying import Paying, paying, people
from tests.integration.rewards.world import World
from tests.support.payout_providers import Moods
from tests.support.wait import until

NAMES = [f"amb_{number:02d}" for number in range(4)]
KINDS = ("http", "paypal")
OUT = {"http": ("paid",), "paypal": ("SUCCESS",)}


@pytest.fixture
async def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Paying]:
    """Four ambassadors who take money by PayPal, and a worker."""
    await people(world, NAMES)
    async with paying(world) as made:
        monkeypatch.setenv("KITH_REWARDS_PAYPAL_SANDBOX_URL", made.providers.url)
        yield made


@pytest.mark.parametrize("kind", KINDS)
async def test_a_batch_is_paid_by_call_and_says_who_was_paid_what(shop: Paying, kind: str) -> None:
    await shop.set_up(kind)
    await shop.sent(kind)
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    book = shop.books[kind]
    assert len(book.out(*OUT[kind])) == len(NAMES) and not book.doubled
    one = await shop.payout(next(iter(book.book)))
    assert one["status"] == "paid" and one["reference"] and one["fee_minor"] in (1, 25)
    assert one["called"]["tries"] == 1 and one["called"]["word"] == OUT[kind][0] and not one["called"]["at_odds"]
    assert (await holding(shop.world, NAMES[0])).paid == 100
    assert (await audit(shop.world)).whole


@pytest.mark.parametrize("kind", KINDS)
async def test_who_pays_and_does_not_answer_is_asked_under_the_same_key(shop: Paying, kind: str) -> None:
    await shop.set_up(kind)
    book = shop.books[kind]
    book.moods = Moods(away_after=100)
    await shop.sent(kind)
    await until(lambda: shop.all_are("unknown"), what="nobody answered")
    book.moods = Moods()
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    assert not book.doubled and len(book.book) == len(NAMES)
    if kind == "http":
        assert sorted(book.given) == sorted(book.book), "it was asked, and given nothing a second time"
    life = [step["status"] for step in (await shop.payout(next(iter(book.book))))["life"]]
    assert life[:4] == ["draft", "approved", "submitting", "unknown"] and life[-1] == "paid"
