"""Addresses and deliveries of platforms are connectors' now: what of them was moved there is noted.

`kith migrate` moves them, since it alone knows both databases; a job drops what was moved a day ago.

Revision: 0011
Follows: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLES = ("hooks", "deliveries")
_ASK = """
insert into due (job, store_id, at)
select 'attribution.forget-moved', store_id, now()
from (select store_id from hooks union select store_id from deliveries) stores
order by store_id
on conflict do nothing
"""


def upgrade() -> None:
    # The owner is held by the stores' policies too; they are put back after every migration.
    for table in _TABLES:
        op.execute(f"alter table {table} no force row level security")
        op.add_column(table, sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_ASK)


def downgrade() -> None:
    op.execute("delete from due where job = 'attribution.forget-moved'")
    for table in _TABLES:
        op.drop_column(table, "moved_at")
