"""A custom event may be what a reward is for: rewards keep the decisions on events, and the names of those they reward.

Revision: 0019
Follows: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_KIND, _NAME = "rewards_source_kind_check", "rewards_event_name_check"


def upgrade() -> None:
    op.create_table(
        "custom_events",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "event_id", name=op.f("custom_events_pkey")),
    )
    op.create_index(
        "custom_events_waiting_idx", "custom_events", ["store_id", "program_id"], postgresql_where=sa.text("waiting")
    )
    op.add_column("rewards", sa.Column("event_name", sa.Text(), nullable=True))
    op.drop_constraint(op.f(_KIND), "rewards")
    op.create_check_constraint(op.f(_KIND), "rewards", "source_kind in ('order', 'person', 'event')")
    op.create_check_constraint(op.f(_NAME), "rewards", "(source_kind = 'event') = (event_name is not null)")


def downgrade() -> None:
    op.drop_constraint(op.f(_NAME), "rewards")
    op.drop_constraint(op.f(_KIND), "rewards")
    op.create_check_constraint(op.f(_KIND), "rewards", "source_kind in ('order', 'person')")
    op.drop_column("rewards", "event_name")
    op.drop_table("custom_events")
