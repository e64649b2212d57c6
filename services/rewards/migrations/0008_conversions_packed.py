"""Conversions are kept packed. Rows from before stay plain and are read as they are, until their order changes.

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op

from services.rewards.grants.sql.packed import unpack

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversions", sa.Column("body", sa.LargeBinary(), nullable=True))
    op.alter_column("conversions", "data", nullable=True)


def downgrade() -> None:
    db = op.get_bind()
    # The owner is held by the stores' policies too; they are put back after every migration.
    op.execute("alter table conversions no force row level security")
    while rows := db.execute(
        sa.text("select store_id, order_id, body from conversions where data is null limit 1000")
    ).all():
        plain = [{"s": r.store_id, "o": r.order_id, "d": unpack(bytes(r.body)).decode()} for r in rows]
        db.execute(sa.text("update conversions set data = :d where store_id = :s and order_id = :o"), plain)
    op.alter_column("conversions", "data", nullable=False)
    op.drop_column("conversions", "body")
