"""Adding up what is owed by age."""

from collections import defaultdict
from zoneinfo import ZoneInfo

from services.kernel.db import Tx
from services.rewards.balances.sql import last_before
from services.rewards.ledger.domain import Account
from services.rewards.ledger.sql import totals_of
from services.rewards.liability import sql
from services.rewards.liability.domain import Amounts3, Held, Liability, by_age, edges, edges_ahead, split
from services.rewards.lots.sql import lots
from services.rewards.rules.domain import Side
from services.rewards.slices import sql as slices

_ACCOUNTS = (
    Account.AMBASSADOR_PENDING,
    Account.AMBASSADOR_AVAILABLE,
    Account.AMBASSADOR_RESERVED,
    Account.AMBASSADOR_IN_PAYOUT,
    Account.FRIEND_PENDING,
    Account.FRIEND_AVAILABLE,
    Account.FRIEND_RESERVED,
)


async def liabilities(tx: Tx, store_id: str) -> list[Liability]:
    """What a store owes, by unit and kind of account. The transaction must be a snapshot, for the parts add up.

    Costs what was granted in the last 90 days, by primary key, however old the store is.
    """
    marks = edges(tx.now, ZoneInfo((await slices.shop(tx, store_id)).timezone))
    after = await last_before(tx, store_id, marks[2])
    young: dict[tuple[str, str], list[Amounts3]] = defaultdict(list)
    for row in await sql.young(tx, store_id, after=after, edges=marks):
        amounts = (row.first, row.second, row.third)
        side: Side = "ambassador" if row.side == "ambassador" else "friend"
        if not row.released:
            young[Account.held_by(side, available=False), row.unit].append(amounts)
            continue
        held = Held(available=row.available, in_payout=row.in_payout, reserved=row.reserved, young=amounts)
        available, reserved, in_payout = split(held)
        young[Account.held_by(side, available=True), row.unit].append(available)
        young[Account(f"{side}_reserved"), row.unit].append(reserved)
        young[Account.AMBASSADOR_IN_PAYOUT, row.unit].append(in_payout)
    over = {
        (Account.held_by("ambassador" if side == "ambassador" else "friend", available=True), unit): amount
        for (side, unit), amount in (await sql.overdrawn(tx, store_id)).items()
    }
    totals = {(account, unit): credits - debits for account, unit, debits, credits in await totals_of(tx, store_id)}
    return [
        by_age(
            account,
            unit,
            young[account, unit],
            total=totals[account, unit],
            overdrawn=over.get((account, unit), 0),
        )
        for unit in sorted({unit for _, unit in totals})
        for account in _ACCOUNTS
        if (account, unit) in totals
    ]


async def expiring(tx: Tx, store_id: str) -> list[lots.Liable]:
    """What is left of points and store credit that expire, by when they do."""
    zone = ZoneInfo((await slices.shop(tx, store_id)).timezone)
    return await lots.liable(tx, store_id, edges_ahead(tx.now, zone))
