"""Which refunds count of those that are reported in two forms: the form that was reported of their order first
holds.
"""

from collections.abc import Iterable
from typing import NamedTuple

from services.common.order_facts import ReportedFact
from services.connectors.payments import sql
from services.connectors.platforms.domain.port import Form
from services.kernel.db import Tx
from services.kernel.revisions import Ref


class FormedFact(NamedTuple):
    """A fact, and in which form it reports a refund; None of what has one form only."""

    fact: ReportedFact
    form: Form | None

    @property
    def order(self) -> Ref:
        """Of which order."""
        return self.fact.store_id, self.fact.order_id


async def first(tx: Tx, facts: Iterable[FormedFact]) -> list[ReportedFact]:
    """The facts that count. Notes the forms of orders of which none was reported: of two who do so at once, the second
    waits, and sees what the first noted.
    """
    facts = list(facts)
    new: dict[Ref, Form] = {}
    for one in facts:
        if one.form in {"each", "sum"}:
            new.setdefault(one.order, one.form)
    if new:
        await sql.add_forms(tx, new)
    return await counting(tx, facts)


async def counting(tx: Tx, facts: Iterable[FormedFact]) -> list[ReportedFact]:
    """The facts that count by what is noted; of an order of which nothing is, all that would be noted."""
    facts = list(facts)
    orders = {one.order for one in facts if one.form is not None}
    known = await sql.forms(tx, orders) if orders else {}
    return [one.fact for one in facts if one.form is None or _holds(one.form, known.get(one.order))]


def _holds(form: Form, known: Form | None) -> bool:
    if form == "more":
        return known == "sum"
    return known is None or form == known
