"""What lies under a contact goes over to the customer, once, when the store's server has said whose the contact is.

From then on whatever is earned under the contact is held by the customer (`lots.actions.post`), so that it makes no
difference whether something was granted, released, expired or taken back before or after.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from contracts.events.people import PersonJoined
from services.kernel.db import Tx
from services.rewards.holders import sql as holders
from services.rewards.holders.sql import Join
from services.rewards.joins import sql
from services.rewards.joins.domain import carry
from services.rewards.ledger import actions as ledger
from services.rewards.ledger.domain import Posting, expiry
from services.rewards.lots.domain import Debt, Holder, Lot, Part, pay_debt
from services.rewards.lots.sql import lots


async def join(tx: Tx, joined: Sequence[PersonJoined]) -> None:
    """Takes what the store's server said. A repeat changes nothing, nor does another customer for the same contact."""
    wanted = {
        (one.store_id, contact): (Join(one.store_id, contact, one.customer_id), one.joined_at)
        for one in reversed(joined)
        for contact in one.contact_hashes
    }
    await tx.lock_stores({store_id for store_id, _ in wanted})
    if new := await holders.keep(tx, list(wanted.values())):
        await _carry(tx, new)


async def _carry(tx: Tx, joins: Sequence[Join]) -> None:
    """Posts, for each contact and unit, one set that takes what is there to the customer; lots go with what is left of
    them, and pay the customer's debt.

    What has expired under the contact expires under the customer instead, by sets before and behind: it is undone where
    it was posted, and whoever is taken back such a reward later has it.
    """
    held = await sql.held(tx, joins)
    if not held:
        return
    customers = {(one.store_id, one.contact): one.customer_id for one in joins}
    expired = await lots.of_ids(tx, await sql.expired_lots(tx, joins))
    undone: dict[tuple[str, str, str], int] = defaultdict(int)
    for lot in expired:
        holder = lot.key.holder
        undone[holder.store_id, holder.owner, holder.unit] += lot.expired
    carried = [
        (one, posting)
        for one in held
        if (
            posting := carry(
                store_id=one.store_id,
                contact=one.contact,
                customer_id=customers[one.store_id, one.contact],
                unit=one.unit,
                pending=one.pending,
                available=one.available + undone[one.store_id, one.contact, one.unit],
            )
        )
    ]
    restored = [_expiry(lot, lot.key.holder.owner, corrects=lot.expired_by) for lot in expired]
    again = [_expiry(lot, customers[lot.key.holder.store_id, lot.key.holder.owner]) for lot in expired]
    numbers = await ledger.post(tx, [*restored, *(posting for _, posting in carried), *again])
    first, last = len(restored), len(restored) + len(carried)
    for lot, number in zip(expired, numbers[last:], strict=True):
        lot.expired_by = number
    await lots.save(tx, expired)
    undoings = [
        (lot.key.holder.store_id, number, (Part(lot.lot_id, lot.expired),))
        for lot, number in zip(expired, numbers[:first], strict=True)
    ]
    expiries = [
        (lot.key.holder.store_id, number, (Part(lot.lot_id, -lot.expired),))
        for lot, number in zip(expired, numbers[last:], strict=True)
    ]
    await lots.add_entries(tx, [*undoings, *expiries])
    by_set = {
        (one.store_id, one.contact, one.unit): number
        for (one, _), number in zip(carried, numbers[first:last], strict=True)
    }
    await _pay_debts(tx, await lots.of_ids(tx, await sql.give(tx, joins)), by_set)


async def _pay_debts(tx: Tx, open_lots: Sequence[Lot], by_set: Mapping[tuple[str, str, str], int]) -> None:
    """What comes in pays the customer's debt, as all that comes in does, that which expires first before all else."""
    owing = {who: debt for who, debt in (await _debts(tx, open_lots)).items() if debt.amount}
    paid: dict[tuple[str, int], list[Part]] = defaultdict(list)
    touched: list[Lot] = []
    for lot in sorted(open_lots, key=lambda one: one.order):
        holder = lot.key.holder
        if (debt := owing.get(holder)) is not None and debt.amount:
            number = by_set[holder.store_id, lot.joined_from, holder.unit]
            paid[holder.store_id, number] += pay_debt(lot, debt)
            touched.append(lot)
    if touched:
        await lots.save(tx, touched)
        await lots.save_debts(tx, owing)
        await lots.add_entries(tx, [(store_id, number, parts) for (store_id, number), parts in paid.items()])


async def _debts(tx: Tx, open_lots: Sequence[Lot]) -> Mapping[Holder, Debt]:
    holders_of_lots = {lot.key.holder for lot in open_lots}
    return await lots.debts(tx, holders_of_lots) if holders_of_lots else {}


def _expiry(lot: Lot, owner: str, *, corrects: int | None = None) -> Posting:
    key = lot.key
    return expiry(
        store_id=key.holder.store_id,
        lot_id=lot.lot_id,
        program_id=key.program_id,
        side=key.holder.side,
        beneficiary_id=owner,
        unit=key.holder.unit,
        amount=lot.expired,
        corrects=corrects,
    )
