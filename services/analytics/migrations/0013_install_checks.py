"""Checks of how a store is connected, with what was seen while they went on

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checks",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("without", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "check_id", name=op.f("checks_pkey")),
    )
    op.create_table(
        "sights",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("store_id", "check_id", "step", "on_what", "said")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "check_id", "step", "on_what", "said", name=op.f("sights_pkey")),
    )
    op.create_index(
        "activity_connections_idx",
        "activity",
        ["store_id"],
        postgresql_where=sa.text("action in ('hook.made', 'hook.ended')"),
    )


def downgrade() -> None:
    op.drop_index("activity_connections_idx", table_name="activity")
    op.drop_table("sights")
    op.drop_table("checks")
