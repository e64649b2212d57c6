"""Making, changing and deleting share links."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from contracts.events.catalog import LinkSaved
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id, short_code
from services.links.changes import sql as noted
from services.links.links import domain, sql
from services.links.links.sql import Link
from services.links.people import actions as people
from services.links.programs import actions as programs
from services.links.stores import actions as stores
from services.links.stores.domain import BadAddress, own_page

_TRIES = 5
_NO_SLUG = "no free slug among several random ones: the source of chance is broken"


class SlugTaken(Conflict):
    """Another link has this slug, or one that looks like it."""

    code = "slug_taken"


async def create(
    tx: Tx,
    store_id: str,
    *,
    program_id: str,
    ambassador_id: str,
    destination: str | None = None,
    slug: str | None = None,
    channel: str | None = None,
    utm: Mapping[str, str] | None = None,
    expires_at: datetime | None = None,
    fallback: str | None = None,
    split: int | None = None,
) -> Link:
    """Makes a link for an ambassador of the program; of a split alone, the one that there is. Raises `NotFound`,
    `Erased`, `Invalid`, or `SlugTaken`.
    """
    ambassador = await people.present(tx, store_id, ambassador_id)
    if ambassador.program_id != program_id:
        raise Invalid.field("ambassador_id", "This ambassador takes part in another program.", code="other_program")
    if split is not None:
        await programs.check_split(tx, store_id, program_id, split)
        plain = not any((destination, slug, channel, utm, expires_at, fallback))
        # The ambassador is locked: nobody else makes one at the same time.
        if plain and (there := await sql.with_split(tx, store_id, ambassador_id, split)) is not None:
            return there
    link = await add(
        tx,
        store_id,
        program_id=program_id,
        ambassador_id=ambassador_id,
        destination=await _own_page(tx, store_id, destination),
        slug=slug,
        channel=channel,
        utm=utm,
        expires_at=expires_at,
        fallback=await _own_page(tx, store_id, fallback, field="fallback"),
        split=split,
    )
    tx.note("link.made", on=link.link_id, after={"program_id": program_id, "ambassador_id": ambassador_id})
    return link


async def add(
    tx: Tx,
    store_id: str,
    *,
    program_id: str,
    ambassador_id: str,
    link_id: str | None = None,
    destination: str | None = None,
    slug: str | None = None,
    channel: str | None = None,
    utm: Mapping[str, str] | None = None,
    expires_at: datetime | None = None,
    fallback: str | None = None,
    split: int | None = None,
) -> Link:
    """The same for an ambassador and a destination that were checked already (joining does)."""
    link_id = link_id or new_id("lnk", at=tx.now)
    link = Link(
        link_id=link_id,
        store_id=store_id,
        program_id=program_id,
        ambassador_id=ambassador_id,
        slug=await _claim_slug(tx, store_id, link_id, slug),
        destination=destination,
        channel=channel,
        utm=dict(utm or {}),
        expires_at=expires_at,
        fallback=fallback,
        split=split,
        created_at=tx.now,
        revision=1,
    )
    await sql.insert(tx, link)
    _announce(tx, link)
    return link


async def add_all(tx: Tx, store_id: str, wanted: Sequence[tuple[str, str, str]]) -> dict[str, Link]:
    """A plain link for each (link, program, ambassador) that was checked already, by its id; two statements for all."""
    slugs: dict[str, str] = {}
    for _ in range(_TRIES):
        tried = {link_id: short_code(domain.SLUG_LENGTH) for link_id, _, _ in wanted if link_id not in slugs}
        if not tried:
            break
        slugs |= {link_id: tried[link_id] for link_id in await sql.claim_all(tx, store_id, tried)}
    if len(slugs) < len(wanted):
        raise RuntimeError(_NO_SLUG)
    made = [
        Link(
            link_id=link_id,
            store_id=store_id,
            program_id=program_id,
            ambassador_id=ambassador_id,
            slug=slugs[link_id],
            utm={},
            created_at=tx.now,
            revision=1,
        )
        for link_id, program_id, ambassador_id in wanted
    ]
    await sql.insert_all(tx, store_id, made)
    for link in made:
        _announce(tx, link)
    return {link.link_id: link for link in made}


async def get(tx: Tx, store_id: str, link_id: str) -> Link:
    """A link that is not deleted. Raises `NotFound`."""
    link = await sql.get(tx, store_id, link_id)
    if link is None or link.deleted_at is not None:
        raise NotFound("There is no such link.")
    return link


async def change(tx: Tx, store_id: str, link_id: str, changes: Mapping[str, object]) -> Link:
    """Sets the given fields among destination, slug, channel, utm, expires_at and fallback. A former slug goes on
    leading here.
    """
    before = await sql.get(tx, store_id, link_id, lock=True)
    if before is None or before.deleted_at is not None:
        raise NotFound("There is no such link.")
    fields = dict(changes)
    if isinstance(destination := fields.get("destination"), str):
        fields["destination"] = await _own_page(tx, store_id, destination)
    if isinstance(fallback := fields.get("fallback"), str):
        fields["fallback"] = await _own_page(tx, store_id, fallback, field="fallback")
    if "slug" in fields:
        slug = fields["slug"]
        fields["slug"] = await _claim_slug(tx, store_id, link_id, slug) if isinstance(slug, str) else before.slug
    after = replace(before, **fields)  # type: ignore[arg-type]  # the schema gives each field its type
    if after == before:
        return before
    changed = sorted(name for name in fields if getattr(after, name) != getattr(before, name))
    tx.note("link.changed", on=link_id, after={"changed": ",".join(changed)})
    return await _save(tx, replace(after, revision=before.revision + 1))


async def delete(tx: Tx, store_id: str, link_id: str) -> None:
    """Ends a link. It answers 410 from then on, and its slug is never given to another. Twice is as good as once."""
    link = await sql.get(tx, store_id, link_id, lock=True)
    if link is None:
        raise NotFound("There is no such link.")
    if link.deleted_at is None:
        tx.note("link.ended", on=link_id, before={"ambassador_id": link.ambassador_id})
        await _save(tx, replace(link, deleted_at=tx.now, revision=link.revision + 1))


async def delete_all(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """Ends every link of an ambassador."""
    for link_id in await sql.ids_of(tx, store_id, ambassador_id):
        await delete(tx, store_id, link_id)


async def announce_pages(tx: Tx, store_id: str, ambassador_ids: Sequence[str]) -> None:
    """Publishes once more where these ambassadors' links lead, of those that lead to a page of their own."""
    for link in await sql.to_pages(tx, store_id, ambassador_ids):
        _announce(tx, link)


async def _save(tx: Tx, link: Link) -> Link:
    await sql.update(tx, link)
    await noted.note(tx, "link", link.link_id)
    _announce(tx, link)
    return link


async def _claim_slug(tx: Tx, store_id: str, link_id: str, wanted: str | None) -> str:
    if wanted is not None:
        try:
            slug = domain.vanity_slug(wanted)
        except domain.BadSlug as error:
            raise Invalid.field("slug", str(error)) from None
        if not await sql.claim(tx, store_id=store_id, link_id=link_id, slug=slug, look=domain.shape(slug)):
            raise SlugTaken(f"The slug {slug}, or one that looks like it, is taken; choose another.")
        return slug
    for _ in range(_TRIES):
        slug = short_code(domain.SLUG_LENGTH)
        if await sql.claim(tx, store_id=store_id, link_id=link_id, slug=slug, look=None):
            return slug
    raise RuntimeError(_NO_SLUG)


async def _own_page(tx: Tx, store_id: str, destination: str | None, *, field: str = "destination") -> str | None:
    if destination is None:
        return None
    own = await stores.get(tx, store_id)
    try:
        return str(own_page(destination, own.domains))
    except BadAddress as error:
        raise Invalid.field(field, str(error), code="foreign_destination") from None


def _announce(tx: Tx, link: Link) -> None:
    tx.emit(
        LinkSaved(
            store_id=link.store_id,
            link_id=link.link_id,
            slug=link.slug,
            program_id=link.program_id,
            ambassador_id=link.ambassador_id,
            destination=link.destination,
            channel=link.channel,
            expires_at=link.expires_at,
            deleted=link.deleted_at is not None,
            created_at=link.created_at,
            revision=link.revision,
            split=link.split,
        )
    )
