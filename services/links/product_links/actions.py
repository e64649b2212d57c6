"""Making a link to a page, once for each page."""

from services.kernel.db import Tx
from services.kernel.errors import Conflict
from services.links.links import actions as links
from services.links.links import sql
from services.links.links.sql import Link
from services.links.people import actions as people
from services.links.product_links.domain import pasted_page
from services.links.stores import actions as stores

MOST_LINKS = 200
"""Of one ambassador; more are made by the store."""


class TooManyLinks(Conflict):
    """An ambassador has made as many links as one may."""

    code = "too_many_links"


async def make(tx: Tx, store_id: str, ambassador_id: str, text: str) -> Link:
    """The ambassador's link to the page whose address was pasted, made if there is none yet. Raises `BadAddress`,
    `TooManyLinks`, or `Conflict` for somebody who is blocked.
    """
    own = await stores.get(tx, store_id)
    destination = str(pasted_page(text, own.domains))
    ambassador = await people.present(tx, store_id, ambassador_id)
    if ambassador.status != "active":
        raise Conflict("Sharing is paused for this account.", code="blocked")
    known = await listed(tx, store_id, ambassador_id)
    for link in known:
        if link.destination == destination and _is_plain(link):
            return link
    if len(known) >= MOST_LINKS:
        raise TooManyLinks(f"There are {MOST_LINKS} links already.")
    return await links.create(
        tx, store_id, program_id=ambassador.program_id, ambassador_id=ambassador_id, destination=destination
    )


def _is_plain(link: Link) -> bool:
    """Whether a link is as pasting makes it. The store's own to that page may end, or count for a campaign of its."""
    return link.expires_at is None and link.channel is None and not link.utm


async def main(tx: Tx, store_id: str, ambassador_id: str) -> Link | None:
    """The link that joining made, which leads where the program's links lead; None once it was deleted."""
    person = await people.get(tx, store_id, ambassador_id)
    link = await sql.get(tx, store_id, person.link_id)
    return link if link is not None and link.deleted_at is None else None


async def listed(tx: Tx, store_id: str, ambassador_id: str) -> list[Link]:
    """The ambassador's links to single pages, the latest first; a link that leads to the landing page is none."""
    found = await sql.page(tx, store_id, ambassador_id=ambassador_id, limit=MOST_LINKS + 1)
    return [link for link in found if link.destination is not None]
