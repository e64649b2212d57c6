"""Everything that the redirect must know of a link, read at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.program import Program
from services.kernel.db import Tx
from services.links.links.sql import CODE_OF_LINK, SLUG
from services.links.redirect.domain.discount import Checkout
from services.links.store_codes.sql import CHECKOUTS

_WHERE = "select store_id, id from directory where kind = :kind and key = :slug"
_READ = f"""
select l.store_id, l.link_id, l.program_id, l.ambassador_id, l.destination, l.channel, l.utm, l.expires_at,
  l.deleted_at is not null or a.status = 'erased' as gone, p.landing_url, s.domains,
  l.split,
  coalesce(v.definition ->> 'landing', 'store') = 'page' as has_page, l.slug, l.fallback, p.name as program, c.code,
  coalesce(nullif(v.definition -> 'utm', 'null'), '{{}}') as template,
  a.status, w.checkouts, case when w.checkouts is not null then cast(v.definition as text) end as definition,
  c.retired, c.expires_at as code_ends_at
from links l
join programs p on p.program_id = l.program_id
join program_versions v on v.program_id = p.program_id and v.version = p.version
join ambassadors a on a.ambassador_id = l.ambassador_id
join stores s on s.store_id = l.store_id
left join codes c on c.code_id = {CODE_OF_LINK}
left join lateral (select {CHECKOUTS} as checkouts) w on true
where l.store_id = :store_id and l.link_id = :link_id
"""  # noqa: S608  # a text of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A link with what decides where it leads."""

    store_id: str
    link_id: str
    program_id: str
    ambassador_id: str
    destination: str | None
    channel: str | None
    utm: Mapping[str, str]
    expires_at: datetime | None
    gone: bool
    landing_url: str
    domains: tuple[str, ...]
    slug: str
    split: int | None = None
    fallback: str | None
    """Where who comes after the link's end is sent."""
    program: str
    code: str | None
    template: Mapping[str, str | None]
    """The program's UTM values."""
    has_page: bool = False
    """Whether its program shows a page of invitation before the store."""
    checkouts: tuple[Checkout, ...] = ()
    """Where the code takes off what the program promises; none while it promises nothing, or the code has ended."""
    code_ends_at: datetime | None = None
    """When it will, where it is at a checkout and has an end."""


async def find(tx: Tx, slug: str) -> Found | None:
    """The link of a folded slug, whichever store's it is; the transaction then sees that store."""
    place = await tx.one_or_none(_WHERE, kind=SLUG, slug=slug)
    if place is None:
        return None
    await tx.see([place.store_id])
    row = await tx.one_or_none(_READ, store_id=place.store_id, link_id=place.id)
    return _found(row._asdict(), tx.now) if row else None


def _found(row: dict[str, Any], now: datetime) -> Found:
    definition, places = row.pop("definition"), row.pop("checkouts")
    active, retired, ends_at = row.pop("status") == "active", row.pop("retired"), row.pop("code_ends_at")
    usable = places and active and not retired and (ends_at is None or ends_at > now) and _promises(definition)
    return Found(
        **{**row, "domains": tuple(row["domains"])},
        checkouts=tuple(Checkout(platform, tuple(hosts)) for platform, hosts in places) if usable else (),
        code_ends_at=ends_at if usable else None,
    )


def _promises(definition: str) -> bool:
    program = Program.model_validate_json(definition, extra="ignore")
    return program.status == "active" and program.discount_served is not None
