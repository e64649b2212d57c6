"""Many payouts on a bad day: what left the provider's account is what the books say was paid, to the cent, whatever
gets lost, comes twice, comes first, or comes back, and wherever the process that calls is killed.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.local.process import free_port
from services.common.money import to_decimal
from tests.integration.rewards.money import audit
from tests.integration.rewards.paying import Paying, paying, people
from tests.integration.rewards.world import World
from tests.support.chance import examples, tally
from tests.support.command_line import fork
from tests.support.payout_providers import Moods
from tests.support.wait import until
from tests.unit.rewards.build import STORE

BAD = Moods(away_after=10, away_before=5, breaks_off=5, busy=3, event_first=15, fails=3)
USUAL = 100
"""Payouts of one run; of a full dose a thousand."""
ENDED = ("paid", "failed", "returned")
OUT = {"http": ("paid",), "paypal": ("SUCCESS", "PENDING", "UNCLAIMED")}


@pytest.fixture
def count() -> int:
    return min(examples(USUAL), 1_000)


async def agree(shop: Paying, count: int) -> None:
    """The providers' books and ours, and nothing twice."""
    look = "select payout_id, provider, status, amount_minor, currency from payouts order by payout_id"
    rows = list(await shop.world.look(STORE, look))
    for kind, book in shop.books.items():
        paid = [row for row in rows if row.provider == kind and row.status == "paid"]
        ours = {row.payout_id: str(to_decimal(row.amount_minor, row.currency)) for row in paid}
        assert ours == book.out(*OUT[kind]) and not book.doubled
    assert len(rows) == sum(len(book.book) for book in shop.books.values()) == count
    (sums,) = await shop.world.look(STORE, "select sum(paid) as paid, sum(in_payout) as live from balances")
    assert (sums.paid, sums.live) == (sum(row.amount_minor for row in rows if row.status == "paid"), 0)
    assert not list(await shop.world.look(STORE, "select payout_id from payout_calls where at_odds"))
    assert (await audit(shop.world)).whole


@pytest.fixture
async def shop(world: World, count: int, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Paying]:
    names = [f"amb_{number:04d}" for number in range(count)]
    await people(world, names, wallets=names[::2])
    async with paying(world, works=False) as made:
        monkeypatch.setenv("KITH_REWARDS_PAYPAL_SANDBOX_URL", made.providers.url)
        yield made


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_money_out_is_what_the_providers_books_say(shop: Paying, count: int) -> None:
    for kind in ("paypal", "http"):
        await shop.set_up(kind)
        shop.books[kind].moods = BAD
        await shop.sent(kind)  # PayPal has those who take it, the endpoint the rest
    await shop.work()
    await until(lambda: shop.all_are(*ENDED), within=250, every=0.2, what="each payout has come to its end")
    back = []
    for book in shop.books.values():
        book.moods = Moods(returns=5)
        back += await book.give_back()

    async def all_back() -> bool:
        await shop.make_due()
        standing = await shop.standing()
        return all(standing[one] == "returned" for one in back)

    await until(all_back, within=60, every=0.2, what="what came back is available again")
    await agree(shop, count)
    tally("payouts by call on a bad day", count)


FAILPOINTS = ("work.before_note=kill@2", "work.after_note=kill@9")
"""What else is on its way in that moment is cut off as well."""


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_killed_wherever_it_hurts_nobody_is_paid_twice_or_not_at_all(
    shop: Paying, count: int, tmp_path: Path
) -> None:
    for kind in ("paypal", "http"):
        await shop.set_up(kind)
        shop.books[kind].moods = Moods(away_after=10, away_before=5)
        await shop.sent(kind)
    marks = tmp_path / "fired"
    supervising = asyncio.create_task(supervise(shop, marks, tmp_path))
    try:
        await until(lambda: shop.all_are(*ENDED), within=250, every=0.3, what="each payout has come to its end")
    finally:
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)
    assert {mark.name for mark in marks.glob("*")} == {point.partition("=")[0] for point in FAILPOINTS}
    await agree(shop, count)


async def supervise(shop: Paying, marks: Path, folder: Path) -> None:
    """Runs a process that only works, again and again, as whoever runs Kith does; it is killed at each failpoint."""
    settings = shop.world.ctx.settings
    secrets = ("secret_keys", "contact_key", "operator_key")
    environment = {
        **os.environ,
        **{f"KITH_{name.upper()}": getattr(settings, name).get_secret_value() for name in secrets},
        "KITH_DATABASE_URL": str(settings.database_url),
        "KITH_DATA_DIR": str(folder),
        "KITH_REWARDS_SEALING_KEYS": "s1:" + "z" * 40,
        "KITH_OUTBOUND_ALLOW": "127.0.0.0/8",
        "KITH_FAILPOINTS": ",".join(FAILPOINTS),
        "KITH_FAILPOINTS_ONCE": str(marks),
    }
    while True:
        argv = ("serve", "rewards", "--role", "work", "--port", str(free_port()))
        process = await fork(*argv, env=environment)
        try:
            await process.wait()
            async with shop.world.owner.transaction([STORE]) as tx:
                # Nobody waits for the leases of the dead: a test has no minute for each.
                await tx.execute("update work_tasks set leased_until = now() where leased_until > now()")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
