"""How much one person may give alone."""

from services.common.money import exponent
from services.kernel.db import Tx
from services.rewards.goodwill import sql
from services.rewards.goodwill.domain import Terms
from services.rewards.rules.domain import POINTS


async def put(tx: Tx, store_id: str, terms: Terms) -> Terms:
    """Sets what holds for a currency or for points. Raises `Invalid` for a currency that there is not."""
    if terms.unit != POINTS:
        exponent(terms.unit)
    await tx.lock_stores([store_id])
    before = await sql.terms(tx, store_id, terms.unit)
    if terms != before:
        await sql.keep_terms(tx, store_id, terms)
        tx.note(
            "goodwill_terms.changed",
            on=terms.unit,
            before={"amount_minor": before.limit_minor, "kind": before.period},
            after={"amount_minor": terms.limit_minor, "kind": terms.period, "currency": terms.unit},
        )
    return terms
