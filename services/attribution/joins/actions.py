"""Takes the store's server at its word on whose contacts are, and reports each of them once."""

from collections import defaultdict
from collections.abc import Sequence

from contracts.events.people import PersonJoined
from services.attribution.joins import sql
from services.attribution.joins.sql import Verified
from services.common.contacts import is_hash
from services.kernel.db import Tx


def contacts_of(store_id: str, customer_id: str | None, hashes: Sequence[str]) -> list[Verified]:
    """Contacts that were verified; none where they are nobody's, or no customer's: one who is called like the hash of a
    contact could spend nothing.
    """
    if customer_id is None or is_hash(customer_id):
        return []
    return [Verified(store_id, contact, customer_id) for contact in hashes]


async def join(tx: Tx, contacts: Sequence[Verified]) -> bool:
    """Contacts that are nobody's yet are these customers' from now on, in the order given. Says whether all of them
    are: not where one is another customer's, who was named first, and not where there are none.
    """
    if not contacts:
        return False
    first: dict[tuple[str, str], Verified] = {}
    for one in contacts:
        first.setdefault(one[:2], one)
    new = await sql.keep(tx, list(first.values()))
    joined: dict[tuple[str, str], list[str]] = defaultdict(list)
    for ref, one in first.items():
        if ref in new:
            joined[one.store_id, one.customer_id].append(one.contact)
    for (store_id, customer_id), hashes in joined.items():
        tx.emit(
            PersonJoined(store_id=store_id, customer_id=customer_id, contact_hashes=tuple(hashes), joined_at=tx.now)
        )
    known = await sql.of(tx, list(first.values()))
    return all(known.get(one[:2]) == one.customer_id for one in contacts)
