"""Backlogs of people with many open orders; the names that ambassadors have.

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NAMES = """
insert into ambassador_names (store_id, key)
select store_id, 'c:' || (convert_from(body, 'UTF8')::json ->> 'external_id') from ambassadors
where convert_from(body, 'UTF8')::json ->> 'external_id' is not null
union
select store_id, 'h:' || json_array_elements_text(convert_from(body, 'UTF8')::json -> 'contact_hashes')
from ambassadors
on conflict do nothing
"""


def upgrade() -> None:
    op.create_table(
        "backlogs",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since_order", sa.Text(), nullable=False),
        sa.Column("turn_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "person_id", name=op.f("backlogs_pkey")),
    )
    op.create_table(
        "undecided",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "order_id", name=op.f("undecided_pkey")),
    )
    op.create_index(
        "undecided_person_idx", "undecided", ["store_id", "person_id", "placed_at", "order_id"], unique=False
    )
    op.create_table(
        "ambassador_names",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "key", name=op.f("ambassador_names_pkey")),
    )
    op.execute(_NAMES)


def downgrade() -> None:
    op.drop_table("ambassador_names")
    op.drop_table("undecided")
    op.drop_table("backlogs")
