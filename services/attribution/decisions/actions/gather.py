"""Gathers the facts that decide some people's orders: everything about each person, up to a fact number.

A handful of statements for any number of people and stores.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts.events.orders import OrderAmended, OrderCancelled, OrderRefunded
from services.attribution.catalog import store as catalog_store
from services.attribution.decisions.domain import AmbassadorRevision, CodeRevision, CodeUse, Facts, Settlement
from services.attribution.decisions.store import orders as order_rows
from services.attribution.orders import store as orders_store
from services.attribution.orders.store import StoredFact
from services.attribution.tracking import store as tracking_store
from services.attribution.tracking.domain import lends
from services.attribution.tracking.store import StoredTrack
from services.kernel.db import Tx

Pair = tuple[str, str]


@dataclass(slots=True)
class Gathered:
    """Facts by store, and the current state of the orders among them."""

    facts: dict[str, Facts] = field(default_factory=dict)
    rows: dict[Pair, order_rows.OrderRow] = field(default_factory=dict)
    people: dict[Pair, str] = field(default_factory=dict)
    """The person of each order, by (store, order)."""

    def of(self, store_id: str) -> Facts:
        """The store's set, to be added to."""
        return self.facts.setdefault(store_id, Facts())


async def gather(
    tx: Tx,
    people: Iterable[Pair],
    *,
    new_orders: dict[Pair, str] | None = None,
    as_of: int = catalog_store.NEVER_ENDING,
) -> Gathered:
    """All facts that decide the orders of these people. `new_orders`: the person of orders without a current state."""
    wanted = set(people)
    gathered = Gathered(rows=await order_rows.by_person(tx, wanted))
    gathered.people = {pair: row.person_id for pair, row in gathered.rows.items()}
    gathered.people.update(new_orders or {})
    add_order_facts(gathered, await orders_store.of_orders(tx, gathered.people, as_of=as_of))
    await _add_tracks(tx, gathered, wanted, as_of)
    await _add_catalog(tx, gathered, as_of)
    return gathered


def add_order_facts(gathered: Gathered, stored: Iterable[StoredFact]) -> None:
    """Reads rows into the sets."""
    for row in stored:
        facts = gathered.of(row.store_id)
        if row.kind == "report":
            facts.reports.append(OrderAmended.model_validate_json(row.body, extra="ignore"))
        elif row.kind == "refund":
            facts.refunds.append(OrderRefunded.model_validate_json(row.body, extra="ignore"))
        elif row.kind == "cancel":
            facts.cancels.append(OrderCancelled.model_validate_json(row.body, extra="ignore"))
        elif row.kind == "settled":
            facts.settlements.append(Settlement.model_validate_json(row.body))
        else:
            facts.uses.append(CodeUse(row.order_id, row.fact_id.removeprefix("use:"), granted=row.body == b"1"))


async def _add_tracks(tx: Tx, gathered: Gathered, people: set[Pair], as_of: int) -> None:
    named = await tracking_store.by_person(tx, people, as_of=as_of)
    by_browser = {(t.store_id, t.visitor_id) for t in named if t.visitor_id is not None}
    by_store = {
        (store_id, report.visitor_id)
        for store_id, facts in gathered.facts.items()
        for report in facts.reports
        if report.visitor_id is not None and lends(report.visitor_id)
    }
    seen = await tracking_store.by_visitor(tx, by_browser | by_store, as_of=as_of)
    tracks: dict[Pair, StoredTrack] = {(t.store_id, t.track_id): t for t in (*named, *seen)}
    # A click that only the browser connects with somebody needs its first naming, whoever's that is.
    doubtful = {
        (t.store_id, t.click_id, as_of)
        for t in (*named, *(t for t in seen if (t.store_id, t.visitor_id) in by_browser))
        if t.click_id is not None
    }
    proofs = set()
    for owner in await tracking_store.owners(tx, doubtful):
        tracks.setdefault((owner.track.store_id, owner.track.track_id), owner.track)
        if owner.seen_by is not None:
            proofs.add((owner.track.store_id, owner.seen_by))
    for proof in await tracking_store.by_id(tx, proofs - tracks.keys()):
        tracks[proof.store_id, proof.track_id] = proof
    for track in tracks.values():
        gathered.of(track.store_id).tracks.append(track.read())


async def _add_catalog(tx: Tx, gathered: Gathered, as_of: int) -> None:
    texts = {(s, code) for s, facts in gathered.facts.items() for r in facts.reports for code in r.codes}
    for code, at in await catalog_store.codes(tx, texts, as_of=as_of):
        gathered.of(code.store_id).codes.append(CodeRevision(code, at))
    programs: set[Pair] = set()
    ambassadors: set[Pair] = set()
    for store_id, facts in gathered.facts.items():
        claims = [token for r in facts.reports for token in r.tokens]
        claims += [track.token for track in facts.tracks if track.token is not None]
        programs.update((store_id, token.program_id) for token in claims)
        ambassadors.update((store_id, token.ambassador_id) for token in claims)
        programs.update((store_id, code.data.program_id) for code in facts.codes)
        ambassadors.update((store_id, c.data.ambassador_id) for c in facts.codes if c.data.ambassador_id is not None)
        programs.update((store_id, s.program_id) for s in facts.settlements if s.program_id is not None)
        ambassadors.update((store_id, s.ambassador_id) for s in facts.settlements if s.ambassador_id is not None)
    for program in await catalog_store.programs(tx, programs, as_of=as_of):
        gathered.of(program.store_id).programs.append(program)
    for ambassador, at in await catalog_store.ambassadors(tx, ambassadors, as_of=as_of):
        gathered.of(ambassador.store_id).ambassadors.append(AmbassadorRevision(ambassador, at))
