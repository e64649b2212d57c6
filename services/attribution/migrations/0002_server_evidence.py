"""Only what the store's server says joins people, and only visitors of kith.js's form lend clicks.

What pages said of customers before carries no proof: it names nobody any more. People whom only a page had joined are
told apart again, by their orders. Facts that say the same become one, under the name that they have from now on.

Revision: 0002
Follows: 0001
"""

from collections.abc import Iterator

import orjson
import sqlalchemy as sa
from alembic import op

from services.kernel.ids import new_id

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OWN = ("tracks", "orders", "order_facts", "person_keys", "person_merges")

_PROBLEM = "coalesce(convert_from(body, 'UTF8')::json ->> 'token_problem', '')"
_LEND_NOTHING = f"""
update tracks set visitor_id = null
where visitor_id !~ '^v_[0-9a-f]{{32,128}}$' or (click_id is null and {_PROBLEM} = '')
"""  # noqa: S608  # the expression is ours
_REPEATED = f"""
delete from tracks t using (
    select store_id, track_id, row_number() over (
        partition by store_id, visitor_id, click_id, {_PROBLEM} order by seq nulls last, at, track_id) as place
    from tracks where visitor_id is not null
) told
where t.store_id = told.store_id and t.track_id = told.track_id and told.place > 1
"""  # noqa: S608
_NAME_BY_CONTENT = f"""
update tracks set track_id = 'tch_' || left(encode(sha256(convert_to(
    visitor_id || e'\\x1f' || coalesce(click_id, '') || e'\\x1f' || {_PROBLEM}, 'UTF8')), 'hex'), 32)
where visitor_id is not null
"""  # noqa: S608


def upgrade() -> None:
    # The owner is held by the stores' policies too; they are put back after every migration.
    for table in _OWN:
        op.execute(f"alter table {table} no force row level security")
    stores = [
        row.store_id for row in op.get_bind().execute(sa.text("select distinct store_id from tracks where names"))
    ]
    op.execute("update tracks set names = false, person_id = null where names")
    op.execute(_LEND_NOTHING)
    op.execute(_REPEATED)
    op.execute(_NAME_BY_CONTENT)
    for store_id in stores:
        _tell_apart(store_id)
    op.drop_index("tracks_person_idx", table_name="tracks")
    op.create_index(
        "tracks_person_idx",
        "tracks",
        ["store_id", "person_id", "at"],
        unique=False,
        postgresql_where=sa.text("person_id is not null"),
    )


def downgrade() -> None:
    op.drop_index("tracks_person_idx", table_name="tracks")
    op.create_index(
        "tracks_person_idx",
        "tracks",
        ["store_id", "person_id"],
        unique=False,
        postgresql_where=sa.text("person_id is not null"),
    )


def _tell_apart(store_id: str) -> None:
    """Makes the index of people again from a store's orders; whoever has a person's first order stays that person."""
    db, own = op.get_bind(), {"s": store_id}
    people = _Union()
    for order_id, keys in _names(store_id):
        people.join([f"o:{order_id}", *keys])
    rows = db.execute(
        sa.text("select order_id, person_id from orders where store_id = :s order by placed_at, order_id"), own
    ).all()
    person_of: dict[str, str] = {}
    taken: set[str] = set()
    for row in rows:
        root = people.root(f"o:{row.order_id}")
        if root not in person_of:
            person_of[root] = new_id("prs") if row.person_id in taken else row.person_id
            taken.add(row.person_id)
    moved = [
        {"s": store_id, "o": row.order_id, "p": person_of[people.root(f"o:{row.order_id}")]}
        for row in rows
        if person_of[people.root(f"o:{row.order_id}")] != row.person_id
    ]
    names = [
        {"s": store_id, "k": name, "p": person_of[people.root(name)]}
        for name in people.names()
        if name[0] != "o" and people.root(name) in person_of
    ]
    if moved:
        db.execute(sa.text("update orders set person_id = :p where store_id = :s and order_id = :o"), moved)
    db.execute(sa.text("delete from person_merges where store_id = :s"), own)
    db.execute(sa.text("delete from person_keys where store_id = :s"), own)
    if names:
        db.execute(sa.text("insert into person_keys (store_id, key, person_id) values (:s, :k, :p)"), names)


def _names(store_id: str) -> Iterator[tuple[str, list[str]]]:
    """Under which names each order was told."""
    told = op.get_bind().execute(
        sa.text(
            "select order_id, cast(convert_from(body, 'UTF8')::json -> 'customer' as text) as customer from order_facts"
            " where store_id = :s and kind = 'report' and seq is not null"
        ),
        {"s": store_id},
    )
    for row in told.all():
        customer = orjson.loads(row.customer) if row.customer else {}
        keys = [f"h:{contact}" for contact in customer.get("contact_hashes") or ()]
        yield row.order_id, [*keys, f"c:{customer['id']}"] if customer.get("id") is not None else keys


class _Union:
    """Disjoint sets of names."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def names(self) -> list[str]:
        return list(self._parent)

    def root(self, name: str) -> str:
        parent = self._parent
        while (above := parent.setdefault(name, name)) != name:
            parent[name] = parent[above]
            name = above
        return name

    def join(self, names: list[str]) -> None:
        first = self.root(names[0])
        for name in names[1:]:
            self._parent[self.root(name)] = first
