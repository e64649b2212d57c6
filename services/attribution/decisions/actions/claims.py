"""Limited codes: who gets a use is settled once, first come, first served, and becomes a fact of the order."""

from services.attribution.catalog.store import Pair
from services.attribution.codes import store as uses_store
from services.attribution.decisions.actions.gather import Gathered
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.domain import CodeUse
from services.attribution.orders import store as orders_store
from services.attribution.orders.store import StoredFact
from services.kernel.db import Tx


async def claim_codes(tx: Tx, gathered: Gathered, numbers: Numbers) -> None:
    """Gives uses to the gathered orders that name a limited code and have no answer yet, in order of placing."""
    wanted = _wanted(gathered)
    if not wanted:
        return
    counts = await uses_store.count(tx, {(s, code) for s, code, _, _ in wanted})
    held = await uses_store.held(tx, [(s, code, f"o:{order}") for s, code, order, _ in wanted])
    granted: list[tuple[str, str, str]] = []
    facts: list[StoredFact] = []
    for store_id, code_id, order_id, limit in wanted:
        use = (store_id, code_id, f"o:{order_id}")
        has = use in held
        if not has and counts.get((store_id, code_id), 0) < limit:
            has = True
            counts[store_id, code_id] = counts.get((store_id, code_id), 0) + 1
            granted.append(use)
        gathered.of(store_id).uses.append(CodeUse(order_id, code_id, granted=has))
        facts.append(
            StoredFact(
                store_id=store_id,
                order_id=order_id,
                fact_id=f"use:{code_id}",
                kind="use",
                seq=numbers.next(store_id),
                received_at=tx.now,
                body=b"1" if has else b"0",
            )
        )
    await uses_store.add(tx, granted)
    await orders_store.insert(tx, facts)


def _wanted(gathered: Gathered) -> list[tuple[str, str, str, int]]:
    """(store, code, order, limit) without an answer, in the order in which orders were placed."""
    wanted: dict[tuple[Pair, str], tuple[object, tuple[str, str, str, int]]] = {}
    for store_id, facts in gathered.facts.items():
        limited = {
            c.data.code: (c.data.code_id, c.data.max_uses)
            for c in sorted(facts.codes, key=lambda c: c.data.revision)
            if c.data.max_uses is not None
        }
        if not limited:
            continue
        answered = {(use.order_id, use.code_id) for use in facts.uses}
        settled = {settlement.order_id for settlement in facts.settlements}
        for report in facts.reports:
            for text in report.codes:
                code_id, limit = limited.get(text, (None, None))
                if code_id is None or limit is None:
                    continue
                if report.order_id not in settled and (report.order_id, code_id) not in answered:
                    key = ((store_id, report.order_id), code_id)
                    wanted[key] = (report.placed_at, (store_id, code_id, report.order_id, limit))
    return [claim for _, claim in sorted(wanted.values(), key=lambda pair: (str(pair[0]), pair[1]))]
