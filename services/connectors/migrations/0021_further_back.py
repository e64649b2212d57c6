"""Imports of Stripe that looked back 29 days look back to the beginning, once.

Revision: 0021
Follows: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A migration is of all stores, and the owner is bound by the stores' policies too; they are put back after it.
    for table in ("hooks", "histories"):
        op.execute(f"alter table {table} no force row level security")
    op.execute("""
        insert into due (job, store_id, at)
        select distinct 'connectors.history', h.store_id, now() from histories h
        join hooks c on c.store_id = h.store_id and c.hook_id = h.hook_id
        where c.platform = 'stripe' and c.deleted_at is null and h.since_at > '2000-01-01 00:00+00'
        on conflict do nothing""")


def downgrade() -> None:
    op.execute("delete from due where job = 'connectors.history'")
