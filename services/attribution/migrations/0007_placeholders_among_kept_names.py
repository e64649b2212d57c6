"""Names that were kept before they were known to stand for nobody, and who was told apart by that. What stores call so.

A job takes them out (`decisions/actions/apart.py`), for it needs the key of the hashes: of each store an hour from now,
when nothing that an older version took in is on its way any more.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ASK = """
insert into due (job, store_id, at)
select 'attribution.nobody', store_id,
       now() + interval '1 hour' + interval '1 s' * row_number() over (order by store_id)
from (select distinct store_id from directory where kind = 'store') stores
on conflict do nothing
"""


def upgrade() -> None:
    op.create_table(
        "nobody_names",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "key", name=op.f("nobody_names_pkey")),
    )
    op.create_table(
        "person_splits",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("from_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "person_id", name=op.f("person_splits_pkey")),
    )
    op.create_index("person_splits_from_idx", "person_splits", ["store_id", "from_id"], unique=False)
    op.execute(_ASK)
    op.create_table(
        "store_placeholders",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("names", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("store_id", name=op.f("store_placeholders_pkey")),
    )


def downgrade() -> None:
    op.drop_table("store_placeholders")
    op.execute("delete from due where job = 'attribution.nobody'")
    op.drop_table("person_splits")
    op.drop_table("nobody_names")
