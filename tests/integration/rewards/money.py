"""What payouts' tests begin with: ambassadors who have something available, and somewhere to send it."""

from datetime import timedelta

from services.rewards.destinations.actions import set_destination
from services.rewards.destinations.domain import Details, checked
from services.rewards.ledger.domain import Holding
from services.rewards.ledger.sql import holdings_of
from services.rewards.verification.actions import verify
from services.rewards.verification.domain import Report
from tests.integration.rewards.world import World
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    ANNA,
    BORIS,
    NOON,
    STORE,
    configured,
    make_program,
    make_state,
    published,
)

IBANS = ("DE89370400440532013000", "FR1420041010050500013M02606", "RO49AAAA1B31007593840000", "GB29NWBK60161331926819")
PAYER = {"holder": "Shop GmbH", "iban": "DE02120300000000202051"}


def details(number: int = 0, holder: str = "Anna Beispiel") -> Details:
    return checked("iban", holder=holder, value=IBANS[number % len(IBANS)])


async def earned(world: World, *, orders: dict[str, list[int]] | None = None) -> None:
    """By default Anna has 9.20 of two orders and Boris 4.60 of one, released; each order's subtotal gives a tenth."""
    await world.take(configured(), published(make_program(AMBASSADOR_RULE)))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    of = orders if orders is not None else {ANNA: [4600, 4600], BORIS: [4600]}
    states = [
        make_state(
            f"{who}-{n}", revision=1, settled_at=NOON, ambassador_id=who, subtotal_minor=sub, total_minor=sub + 490
        )
        for who, subtotals in of.items()
        for n, sub in enumerate(subtotals)
    ]
    await world.take(*states)
    await world.move_clock(seconds=int(timedelta(days=15).total_seconds()))
    await release_all(world)


async def release_all(world: World) -> None:
    while await world.release():
        pass


async def send_to(world: World, who: str, where: Details, *, cooled: bool = True) -> None:
    """Says where somebody's money goes, and waits until it can."""
    async with world.db.transaction([STORE]) as tx:
        await set_destination(tx, world.ctx.require_sealing(), STORE, who, where)
    if cooled:
        await world.move_clock(seconds=int(timedelta(hours=73).total_seconds()))


async def holding(world: World, who: str, unit: str = "EUR") -> Holding:
    async with world.db.transaction([STORE]) as tx:
        return (await holdings_of(tx, STORE, owner=who, side="ambassador"))[unit]


async def audit(world: World) -> Report:
    async with world.owner.transaction([STORE]) as tx:
        return await verify(tx, STORE)
