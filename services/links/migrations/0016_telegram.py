"""Stores' Telegram bots, and the chats in which they speak with people.

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("telegram", sa.Text(), nullable=True))
    op.create_index(
        op.f("people_telegram_idx"),
        "people",
        ["store_id", "telegram"],
        postgresql_where=sa.text("telegram is not null"),
    )
    op.create_table(
        "telegram_bots",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("store_id", "bot_id", "hook")),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("sealed_token", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", name=op.f("telegram_bots_pkey")),
    )
    op.create_table(
        "telegram_starts",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("store_id", "token_hash", "ambassador_id")),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "token_hash", name=op.f("telegram_starts_pkey")),
    )
    op.create_index(
        op.f("telegram_starts_store_id_ambassador_id_idx"), "telegram_starts", ["store_id", "ambassador_id"]
    )


def downgrade() -> None:
    op.execute("delete from directory where kind = 'telegram'")
    op.drop_table("telegram_starts")
    op.drop_table("telegram_bots")
    op.drop_index(op.f("people_telegram_idx"), "people")
    op.drop_column("people", "telegram")
