"""Gathers the facts that decide some orders: of open orders all, of the others what is remembered of their buyer.

A handful of statements for any number of people and stores.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from contracts.events.actions import ActionReported
from contracts.events.orders import OrderAmended, OrderCancelled, OrderRefunded, OrderReported
from contracts.events.tracking import TokenClaims
from services.attribution.decisions.actions.marks import settled_before
from services.attribution.decisions.domain import AmbassadorRevision, CodeRevision, CodeUse, Facts, Settlement
from services.attribution.decisions.domain.friend import Friend
from services.attribution.decisions.domain.history import History, Known, Place, Step
from services.attribution.decisions.sql import backlogs
from services.attribution.decisions.sql import nobody as nobody_sql
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql import people as people_sql
from services.attribution.orders import sql as orders_sql
from services.attribution.orders.sql import StoredFact
from services.attribution.slices import sql as slices_sql
from services.attribution.tracking import sql as tracking_sql
from services.attribution.tracking.domain import lends
from services.attribution.tracking.sql import StoredTrack
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.kernel.threads import in_thread

AT_ONCE = 1000
"""Orders whose facts are read by one statement."""


_NOTHING: Mapping[Ref, History] = {}


@dataclass(slots=True)
class Gathered:
    """Facts by store, and the current state of the orders among them."""

    facts: dict[str, Facts] = field(default_factory=dict)
    rows: dict[Ref, order_rows.OrderRow] = field(default_factory=dict)
    people: dict[Ref, str] = field(default_factory=dict)
    """The person of each order, by (store, order)."""
    reported: set[Ref] = field(default_factory=set)
    """The orders that were reported: of others there is no more than a refund, say."""

    def of(self, store_id: str) -> Facts:
        """The store's set, to be added to."""
        return self.facts.setdefault(store_id, Facts())


async def gather(
    tx: Tx,
    orders: Mapping[Ref, str],
    rows: Mapping[Ref, order_rows.OrderRow],
    friends: Mapping[Ref, Friend],
    *,
    behind: Collection[Ref] = (),
    ahead: Mapping[Ref, History] = _NOTHING,
) -> Gathered:
    """All that decides these open orders, each with its person: for each person all of their open orders, or, of people
    in `behind`, some that were placed after all others, or, of people in `ahead`, all that were placed after some open
    ones which come to that. `rows`: current states, where there are any.
    """
    gathered = Gathered(rows=dict(rows), people=dict(orders))
    await _add_nobody(tx, gathered, orders, as_of=slices_sql.NEVER_ENDING)
    await _add_facts(tx, gathered, as_of=slices_sql.NEVER_ENDING)
    by_person: dict[Ref, list[str]] = {}
    for (store_id, order_id), person in orders.items():
        if (store_id, order_id) in gathered.reported:
            by_person.setdefault((store_id, person), []).append(order_id)
    among = _among_settled(gathered, by_person.keys() - set(behind), friends)
    settled = await settled_before(tx, {pair: places.values() for pair, places in among.items()}, friends)
    for pair, ids in by_person.items():
        friend, before = friends[pair], ahead.get(pair, History())
        known = friend.known(
            pair[1],
            ids,
            before=friend.total.joined(before) if pair in behind else before,
            settled=History() if pair in behind else friend.settled.history,
            settled_before={order_id: settled[pair, place] for order_id, place in among.get(pair, {}).items()},
        )
        gathered.of(pair[0]).known.append(known)
    namings = await _add_tracks(tx, gathered, set(by_person), slices_sql.NEVER_ENDING)
    await _add_catalog(tx, gathered, slices_sql.NEVER_ENDING)
    await _add_names(tx, gathered, namings)
    return gathered


async def gather_beside(
    tx: Tx,
    orders: Mapping[Ref, str],
    rows: Mapping[Ref, order_rows.OrderRow],
    friends: Mapping[Ref, Friend],
    places: Mapping[Ref, Mapping[str, Place | None]],
    actions: Iterable[ActionReported],
    lent: Collection[tuple[str, TokenClaims]],
) -> Gathered:
    """All that decides custom events: of each person all open orders, and of the others what is remembered. `places`
    says where each event of a person stands among the orders, by the key that it has there; of settled ones None.
    `lent`: clicks, by store, that are remembered of other events. Settled orders may be at hand too: they are in what
    is remembered.
    """
    gathered = Gathered(rows=dict(rows), people=dict(orders))
    await _add_nobody(tx, gathered, places, as_of=slices_sql.NEVER_ENDING)
    await _add_facts(tx, gathered, as_of=slices_sql.NEVER_ENDING)
    for action in actions:
        gathered.of(action.store_id).actions.append(action)
    at_hand: dict[Ref, set[str]] = {pair: set(events) for pair, events in places.items()}
    for store_id, order_id in gathered.reported:
        at_hand[store_id, gathered.people[store_id, order_id]].add(order_id)
    among = _among_settled(gathered, places.keys(), friends)
    for pair, events in places.items():
        newest = friends[pair].settled.history.last
        late = {key: at for key, at in events.items() if newest is not None and at is not None and at < newest.place}
        if late:
            among[pair] = among.get(pair, {}) | late
    settled = await settled_before(tx, {pair: some.values() for pair, some in among.items()}, friends)
    for pair, keys in ((pair, keys) for pair, keys in at_hand.items() if keys):
        before = {key: settled[pair, place] for key, place in among.get(pair, {}).items()}
        known = friends[pair].known(pair[1], keys, settled=friends[pair].settled.history, settled_before=before)
        gathered.of(pair[0]).known.append(known)
    namings = await _add_tracks(tx, gathered, set(places), slices_sql.NEVER_ENDING)
    await _add_catalog(tx, gathered, slices_sql.NEVER_ENDING, lent)
    await _add_names(tx, gathered, namings)
    return gathered


async def gather_whole(
    tx: Tx,
    people: Iterable[Ref],
    *,
    as_of: int = slices_sql.NEVER_ENDING,
    supposing: Iterable[OrderReported] = (),
    actions: Iterable[ActionReported] = (),
) -> Gathered:
    """All facts of these people up to a fact number: for replays, and to remember anew; with reports that nobody made,
    to see what would come of them; with custom events of theirs. Costs as much as they have.
    """
    wanted = set(people)
    gathered = Gathered(rows=await order_rows.by_person(tx, wanted))
    gathered.people = await backlogs.by_person(tx, wanted)
    gathered.people |= {pair: row.person_id for pair, row in gathered.rows.items()}
    await _add_nobody(tx, gathered, wanted, as_of=as_of)
    await _add_facts(tx, gathered, as_of=as_of)
    for report in supposing:
        gathered.of(report.store_id).reports.append(report)
    for action in actions:
        gathered.of(action.store_id).actions.append(action)
    await _add_tracks(tx, gathered, wanted, as_of)
    await _add_catalog(tx, gathered, as_of)
    return gathered


async def gather_settled(tx: Tx, orders: Mapping[Ref, str], rows: Mapping[Ref, order_rows.OrderRow]) -> Gathered:
    """All that decides settled orders, each with its person: their own facts. Only money that goes back counts."""
    gathered = Gathered(rows=dict(rows), people=dict(orders))
    await _add_nobody(tx, gathered, orders, as_of=slices_sql.NEVER_ENDING)
    await _add_facts(tx, gathered, as_of=slices_sql.NEVER_ENDING)
    return gathered


def _among_settled(
    gathered: Gathered, people: Collection[Ref], friends: Mapping[Ref, Friend]
) -> dict[Ref, dict[str, Place]]:
    """The places of these people's orders that do not stand behind all that has settled, by order."""
    found: dict[Ref, dict[str, Place]] = {}
    for store_id, facts in gathered.facts.items():
        for report in facts.reports:
            pair, place = (store_id, gathered.people[store_id, report.order_id]), (report.placed_at, report.order_id)
            newest = friends[pair].settled.history.last if pair in people else None
            if newest is not None and place < newest.place:
                places = found.setdefault(pair, {})
                places[report.order_id] = min(place, places.get(report.order_id, place))
    return found


async def _add_nobody(tx: Tx, gathered: Gathered, wanted: Iterable[Ref], *, as_of: int) -> None:
    for store_id, names in (await nobody_sql.known(tx, {store_id for store_id, _ in wanted}, as_of=as_of)).items():
        gathered.of(store_id).nobody = names


async def _add_facts(tx: Tx, gathered: Gathered, *, as_of: int) -> None:
    pairs = sorted(gathered.people)
    for start in range(0, len(pairs), AT_ONCE):
        stored = await orders_sql.of_orders(tx, pairs[start : start + AT_ONCE], as_of=as_of)
        await in_thread(len(stored) // 4, add_order_facts, gathered, stored)
    gathered.reported = {(s, report.order_id) for s, facts in gathered.facts.items() for report in facts.reports}


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
            facts.uses.append(CodeUse.read(row.order_id, row.fact_id, bytes(row.body)))


async def _add_tracks(tx: Tx, gathered: Gathered, people: set[Ref], as_of: int) -> dict[Ref, list[str]]:
    """Adds what browsers showed; returns the ids of the tracks that name each person."""
    named = await tracking_sql.by_person(tx, people, as_of=as_of)
    by_browser = {(t.store_id, t.visitor_id) for t in named if t.visitor_id is not None}
    by_store = {
        (store_id, report.visitor_id)
        for store_id, facts in gathered.facts.items()
        for report in facts.carriers
        if report.visitor_id is not None and lends(report.visitor_id)
    } | {
        (store_id, visitor)
        for store_id, facts in gathered.facts.items()
        for known in facts.known
        for _, visitor in known.visitors
    }
    seen = await tracking_sql.by_visitor(tx, by_browser | by_store, as_of=as_of)
    tracks: dict[Ref, StoredTrack] = {(t.store_id, t.track_id): t for t in (*named, *seen)}
    # A click that only the browser connects with somebody needs its first naming, whoever's that is.
    doubtful = {
        (t.store_id, t.click_id, as_of)
        for t in (*named, *(t for t in seen if (t.store_id, t.visitor_id) in by_browser))
        if t.click_id is not None
    }
    proofs = set()
    for owner in await tracking_sql.owners(tx, doubtful):
        tracks.setdefault((owner.track.store_id, owner.track.track_id), owner.track)
        if owner.seen_by is not None:
            proofs.add((owner.track.store_id, owner.seen_by))
    for proof in await tracking_sql.by_id(tx, proofs - tracks.keys()):
        tracks[proof.store_id, proof.track_id] = proof
    for track in tracks.values():
        gathered.of(track.store_id).tracks.append(track.read())
    namings: dict[Ref, list[str]] = {}
    for track in named:
        namings.setdefault((track.store_id, track.person_id or ""), []).append(track.track_id)
    return namings


async def _add_catalog(tx: Tx, gathered: Gathered, as_of: int, lent: Collection[tuple[str, TokenClaims]] = ()) -> None:
    texts = {(s, code) for s, facts in gathered.facts.items() for r in facts.carriers for code in r.codes}
    for code, at in await slices_sql.codes(tx, texts, as_of=as_of):
        gathered.of(code.store_id).codes.append(CodeRevision(code, at))
    programs: set[Ref] = {(store_id, token.program_id) for store_id, token in lent}
    ambassadors: set[Ref] = {(store_id, token.ambassador_id) for store_id, token in lent}
    for store_id, facts in gathered.facts.items():
        claims = [token for r in facts.carriers for token in r.tokens]
        claims += [track.token for track in facts.tracks if track.token is not None]
        claims += [token for known in facts.known for token in known.tokens]
        programs.update((store_id, token.program_id) for token in claims)
        ambassadors.update((store_id, token.ambassador_id) for token in claims)
        programs.update((store_id, code.data.program_id) for code in facts.codes)
        ambassadors.update((store_id, c.data.ambassador_id) for c in facts.codes if c.data.ambassador_id is not None)
        programs.update((store_id, s.program_id) for s in facts.settlements if s.program_id is not None)
        ambassadors.update((store_id, s.ambassador_id) for s in facts.settlements if s.ambassador_id is not None)
        steps = [step for known in facts.known for step in _winning(known)]
        programs.update((store_id, step.program_id) for step in steps if step.program_id is not None)
        ambassadors.update((store_id, step.ambassador_id) for step in steps if step.ambassador_id is not None)
    for program in await slices_sql.programs(tx, programs, as_of=as_of):
        gathered.of(program.store_id).programs.append(program)
    for ambassador, at in await slices_sql.ambassadors(tx, ambassadors, as_of=as_of):
        gathered.of(ambassador.store_id).ambassadors.append(AmbassadorRevision(ambassador, at))
    rewarding = {s for s, facts in gathered.facts.items() if any(p.program.sponsor_rewards for p in facts.programs)}
    below = {(store_id, ambassador_id) for store_id, ambassador_id in ambassadors if store_id in rewarding}
    for sponsor, at in await slices_sql.upline(tx, below, as_of=as_of):
        gathered.of(sponsor.store_id).ambassadors.append(AmbassadorRevision(sponsor, at))


def _winning(known: Known) -> Iterable[Step]:
    """Orders that won the friend, as far as others depend on them."""
    for history in (known.before, known.settled, *known.settled_before.values()):
        for wins in history.won.values():
            yield from (wins.first, wins.last)
    if known.leader is not None:
        yield known.leader


async def _add_names(tx: Tx, gathered: Gathered, namings: Mapping[Ref, list[str]]) -> None:
    """Notes which tracks name each friend, and which of the ambassadors' names are also the friend's own: all names of
    a friend could be too many to read.
    """
    keys = {
        (store_id, key)
        for store_id, facts in gathered.facts.items()
        for saved in facts.ambassadors
        for key in slices_sql.names_of(saved.data)
    }
    named: dict[Ref, list[str]] = {}
    for (store_id, key), person in (await people_sql.of_keys(tx, keys)).items():
        named.setdefault((store_id, person), []).append(key)
    for store_id, facts in gathered.facts.items():
        facts.known = [
            replace(
                known,
                namings=namings.get((store_id, known.key), ()),
                names=named.get((store_id, known.key), ()),
            )
            for known in facts.known
        ]
