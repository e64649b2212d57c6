"""Limited codes: first come, first served. A use is taken by an order that is paid and stands, and given back when that
order is cancelled, or paid no longer, before it settles. Each answer is a fact of the order, and the newest holds.
"""

from collections.abc import Iterable
from typing import NamedTuple

from services.attribution.codes import sql as uses_sql
from services.attribution.decisions.actions.gather import Gathered
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.domain import CodeUse, orders_of
from services.attribution.orders import sql as orders_sql
from services.attribution.orders.sql import StoredFact
from services.kernel.db import Tx
from services.kernel.revisions import Ref


class _Claim(NamedTuple):
    """An open order that names a limited code, and the newest answer that it got."""

    store_id: str
    code_id: str
    order_id: str
    text: str
    limit: int
    placed: tuple[object, str]
    standing: bool
    cancelled: bool
    answer: CodeUse | None

    @property
    def use(self) -> tuple[str, str, str]:
        """The row that counts it."""
        return self.store_id, self.code_id, f"o:{self.order_id}"

    @property
    def has(self) -> bool:
        """Whether it holds a use now."""
        return self.answer is not None and self.answer.granted is True

    def answered(self, granted: bool | None) -> CodeUse:
        """The next answer."""
        turn = 0 if self.answer is None else self.answer.turn + 1
        return CodeUse(self.order_id, self.code_id, granted, turn)


async def claim_codes(tx: Tx, gathered: Gathered, numbers: Numbers) -> set[Ref]:
    """Takes uses back from orders that stand no longer, also those that a cancelled order had by `redeem`; then gives
    them to orders that stand and have none, in order of placing.

    Returns (store, code) of codes that have uses left over by what was given back: others may have been refused one.
    """
    claims = _claims(gathered)
    back = [claim for claim in claims if claim.has and not claim.standing]
    wanted = [claim for claim in claims if claim.standing and not claim.has]
    over = [claim for claim in claims if claim.cancelled and not claim.has]
    if not (back or wanted or over):
        return set()
    held = await uses_sql.held(tx, [claim.use for claim in (*wanted, *over)])
    answers = [(claim, claim.answered(None)) for claim in back]
    back += [claim for claim in over if claim.use in held]
    await uses_sql.remove(tx, [claim.use for claim in back])
    counts = await uses_sql.count(tx, {claim.use[:2] for claim in (*back, *wanted)})
    granted: list[tuple[str, str, str]] = []
    for claim in wanted:
        key = claim.use[:2]
        has = claim.use in held
        if not has and counts.get(key, 0) < claim.limit:
            has = True
            counts[key] = counts.get(key, 0) + 1
            granted.append(claim.use)
        if has or claim.answer is None or claim.answer.granted is None:
            answers.append((claim, claim.answered(has)))
    await uses_sql.add(tx, granted)
    await _keep(tx, gathered, numbers, answers)
    return {(claim.store_id, claim.text) for claim in back if counts.get(claim.use[:2], 0) < claim.limit}


async def _keep(tx: Tx, gathered: Gathered, numbers: Numbers, answers: Iterable[tuple[_Claim, CodeUse]]) -> None:
    facts: list[StoredFact] = []
    for claim, answer in answers:
        gathered.of(claim.store_id).uses.append(answer)
        name, body = answer.written()
        facts.append(
            StoredFact(claim.store_id, claim.order_id, name, "use", numbers.next(claim.store_id), tx.now, body)
        )
    await orders_sql.insert(tx, facts)


def _claims(gathered: Gathered) -> list[_Claim]:
    """Every open order with each limited code that it names, in the order in which orders were placed."""
    claims: list[_Claim] = []
    for store_id, facts in gathered.facts.items():
        limited = {
            c.data.code: (c.data.code_id, c.data.max_uses)
            for c in sorted(facts.codes, key=lambda c: c.data.revision)
            if c.data.max_uses is not None
        }
        if not limited:
            continue
        newest: dict[tuple[str, str], CodeUse] = {}
        for use in sorted(facts.uses, key=lambda use: use.turn):
            newest[use.order_id, use.code_id] = use
        for order in orders_of(facts).values():
            if order.settlement is not None:
                continue
            for text in order.codes:
                code_id, limit = limited.get(text, (None, None))
                if code_id is not None and limit is not None:
                    claims.append(
                        _Claim(
                            store_id=store_id,
                            code_id=code_id,
                            order_id=order.order_id,
                            text=text,
                            limit=limit,
                            placed=(order.placed_at, order.order_id),
                            standing=order.standing,
                            cancelled=order.cancelled,
                            answer=newest.get((order.order_id, code_id)),
                        )
                    )
    return sorted(claims, key=lambda claim: (claim.placed, claim.code_id))
