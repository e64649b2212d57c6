"""Appeals of ambassadors, and the numbers under which they see their friends.

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
        "appeals",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("appeal_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("friend_number", sa.Integer(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind = 'missing' or (friend_number is not null and order_id is not null)",
            name=op.f("appeals_about_check"),
        ),
        sa.CheckConstraint(
            "(state in ('accepted', 'refused')) = (answered_at is not null)", name=op.f("appeals_answered_check")
        ),
        sa.PrimaryKeyConstraint("store_id", "appeal_id", name=op.f("appeals_pkey")),
    )
    op.create_index("appeals_queue_idx", "appeals", ["store_id", "state", "appeal_id"], unique=False)
    op.create_index("appeals_ambassador_idx", "appeals", ["store_id", "ambassador_id", "appeal_id"], unique=False)
    op.create_index(
        "appeals_one_open_key",
        "appeals",
        ["store_id", "ambassador_id", "friend_number"],
        unique=True,
        postgresql_where=sa.text("state = 'open' and friend_number is not null"),
    )
    op.create_table(
        "friend_numbers",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", "order_id", name=op.f("friend_numbers_pkey")),
    )
    op.create_index(
        "friend_numbers_number_idx", "friend_numbers", ["store_id", "ambassador_id", "number"], unique=False
    )


def downgrade() -> None:
    op.drop_table("friend_numbers")
    op.drop_table("appeals")
