"""How much one person may give alone."""

from services.common.money import exponent
from services.kernel.db import Tx
from services.rewards.goodwill import sql
from services.rewards.goodwill.actions.give import today
from services.rewards.goodwill.domain import Terms
from services.rewards.rules.domain import POINTS


async def put(tx: Tx, store_id: str, terms: Terms) -> Terms:
    """Sets what holds for a currency or for points. A limit that is looser than the one that holds comes to hold a day
    later: nobody lifts it and gives alone in one breath.

    Raises `Invalid` for a currency that there is not.
    """
    if terms.unit != POINTS:
        exponent(terms.unit)
    await tx.lock_stores([store_id])
    before, day = await sql.terms(tx, store_id, terms.unit), await today(tx, store_id)
    after = terms.set_after(before, now=tx.now, day=day)
    if after != before:
        await sql.keep_terms(tx, store_id, after)
        held = before.limit_at(tx.now, day)
        figures: dict[str, str | int | bool | None] = {
            "amount_minor": after.limit.amount_minor,
            "kind": after.limit.period,
            "currency": after.unit,
        }
        if after.looser_at is not None:
            figures["looser_at"] = after.looser_at.isoformat()
        tx.note(
            "goodwill_terms.changed",
            on=terms.unit,
            before={"amount_minor": held.amount_minor, "kind": held.period},
            after=figures,
        )
    return after
