"""Tasks that talk to somebody outside, and lanes that are held.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "work_tasks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("work_tasks_pkey")),
        sa.UniqueConstraint("kind", "store_id", "key", name=op.f("work_tasks_kind_store_id_key_key")),
    )
    waiting, ended = sa.text("state = 'waiting'"), sa.text("state <> 'waiting'")
    leased = sa.text("leased_until is not null")
    op.create_index("work_tasks_lane_idx", "work_tasks", ["kind", "lane", "due", "id"], postgresql_where=waiting)
    op.create_index("work_tasks_due_idx", "work_tasks", ["kind", "due"], postgresql_where=waiting)
    op.create_index("work_tasks_leased_idx", "work_tasks", ["kind", "leased_until"], postgresql_where=leased)
    op.create_index("work_tasks_ended_idx", "work_tasks", ["state", "ended_at"], postgresql_where=ended)
    op.create_table(
        "work_lanes",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "lane", name=op.f("work_lanes_pkey")),
    )


def downgrade() -> None:
    op.drop_table("work_lanes")
    op.drop_table("work_tasks")
