"""Webhooks out: endpoints with their secrets, messages, deliveries and tries.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "endpoint_secrets",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("secret_id", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("store_id", "secret_id", name=op.f("endpoint_secrets_pkey")),
    )
    op.create_index(
        op.f("endpoint_secrets_store_id_endpoint_id_idx"), "endpoint_secrets", ["store_id", "endpoint_id"], unique=False
    )
    op.create_table(
        "endpoints",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("off", sa.Text(), nullable=True),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("streak", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "endpoint_id", name=op.f("endpoints_pkey")),
    )
    op.create_table(
        "messages",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("test", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "message_id", name=op.f("messages_pkey")),
    )
    op.create_index(op.f("messages_store_id_kept_at_idx"), "messages", ["store_id", "kept_at"], unique=False)
    op.create_index(
        op.f("messages_store_id_person_idx"),
        "messages",
        ["store_id", "person"],
        unique=False,
        postgresql_where=sa.text("person is not null"),
    )
    op.create_table(
        "sendings",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "delivery_id", name=op.f("sendings_pkey")),
        sa.UniqueConstraint("store_id", "endpoint_id", "message_id", name="sendings_once_key"),
    )
    op.create_index(op.f("sendings_store_id_created_at_idx"), "sendings", ["store_id", "created_at"], unique=False)
    op.create_index(
        op.f("sendings_store_id_endpoint_id_created_at_delivery_id_idx"),
        "sendings",
        ["store_id", "endpoint_id", "created_at", "delivery_id"],
        unique=False,
    )
    op.create_index(op.f("sendings_store_id_message_id_idx"), "sendings", ["store_id", "message_id"], unique=False)
    op.create_table(
        "tries",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("store_id", "delivery_id", "number", name=op.f("tries_pkey")),
    )


def downgrade() -> None:
    for table in ("tries", "sendings", "messages", "endpoint_secrets", "endpoints"):
        op.drop_table(table)
