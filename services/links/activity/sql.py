"""Rows of activities."""

from collections.abc import Mapping
from datetime import datetime

from services.kernel.db import Tx

_CLICKED = """
insert into activities (store_id, ambassador_id, clicked_at)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:moments as timestamptz[])) order by 1, 2
on conflict (store_id, ambassador_id) do update set clicked_at = excluded.clicked_at
where activities.clicked_at is null or activities.clicked_at > excluded.clicked_at
"""

# Once an hour is often enough to know who shares, and writes no row at each tap.
_SHARED = """
insert into activities (store_id, ambassador_id, shared_at) values (:store_id, :ambassador_id, :now)
on conflict (store_id, ambassador_id) do update set shared_at = excluded.shared_at
where activities.shared_at is null or activities.shared_at < excluded.shared_at - interval '1 hour'
"""

_BY_CUSTOMERS = """
insert into activities (store_id, ambassador_id, shared_at)
select a.store_id, a.ambassador_id, w.at
from unnest(cast(:stores as text[]), cast(:customers as text[]), cast(:moments as timestamptz[]))
  as w(store, customer, at)
join programs p on p.store_id = w.store
join ambassadors a on a.store_id = p.store_id and a.program_id = p.program_id and a.external_id = w.customer
where a.status <> 'erased' order by 1, 2
on conflict (store_id, ambassador_id) do update set shared_at = excluded.shared_at
where activities.shared_at is null or activities.shared_at < excluded.shared_at - interval '1 hour'
"""

# Several slugs, former ones too, may be one person's.
_BY_LINKS = """
insert into activities (store_id, ambassador_id, shared_at)
select a.store_id, a.ambassador_id, max(w.at)
from unnest(cast(:stores as text[]), cast(:slugs as text[]), cast(:moments as timestamptz[])) as w(store, slug, at)
join directory d on d.kind = 'slug' and d.key = w.slug and d.store_id = w.store
join links l on l.store_id = d.store_id and l.link_id = d.id
join ambassadors a on a.store_id = l.store_id and a.ambassador_id = l.ambassador_id
where a.status <> 'erased' group by 1, 2 order by 1, 2
on conflict (store_id, ambassador_id) do update set shared_at = excluded.shared_at
where activities.shared_at is null or activities.shared_at < excluded.shared_at - interval '1 hour'
"""


async def clicked(tx: Tx, first: Mapping[tuple[str, str], datetime]) -> None:
    """(store, ambassador) → when a friend opened their link: the earliest moment is kept."""
    await tx.execute(
        _CLICKED,
        stores=[store for store, _ in first],
        ids=[who for _, who in first],
        moments=list(first.values()),
    )


async def shared(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """An ambassador shares now."""
    await tx.execute(_SHARED, store_id=store_id, ambassador_id=ambassador_id, now=tx.now)


async def shared_by_customers(tx: Tx, newest: Mapping[tuple[str, str], datetime]) -> None:
    """(store, the store's customer id) → when a page said that they shared: of each ambassador who is that customer."""
    await tx.execute(
        _BY_CUSTOMERS,
        stores=[store for store, _ in newest],
        customers=[who for _, who in newest],
        moments=list(newest.values()),
    )


async def shared_by_links(tx: Tx, newest: Mapping[tuple[str, str], datetime]) -> None:
    """(store, folded slug) → when a page said that the link was shared: of the ambassador whose it is."""
    await tx.execute(
        _BY_LINKS,
        stores=[store for store, _ in newest],
        slugs=[slug for _, slug in newest],
        moments=list(newest.values()),
    )
