"""Polls: how far each has come, what they found, and the marks of what deliveries said.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXTS = postgresql.ARRAY(sa.Text())


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("said", TEXTS, nullable=True))
    op.add_column("deliveries", sa.Column("as_of", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "deliveries_of_order_idx",
        "deliveries",
        ["store_id", "hook_id", "order_id"],
        unique=False,
        postgresql_where=sa.text("order_id is not null"),
    )
    _polls()
    op.create_table(
        "polled",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("hook_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("said", TEXTS, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "hook_id", "order_id", name=op.f("polled_pkey")),
    )
    op.create_index(op.f("polled_store_id_seen_at_idx"), "polled", ["store_id", "seen_at"], unique=False)
    _gaps()
    _begin()


def _polls() -> None:
    numbers = [
        sa.Column(name, sa.Integer(), server_default="0", nullable=False)
        for name in ("asked", "found", "missed", "changed")
    ]
    moments = [
        sa.Column(name, sa.DateTime(timezone=True), nullable=True)
        for name in ("next_at", "began_at", "ended_at", "since_at", "until_at")
    ]
    op.create_table(
        "polls",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("hook_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=False),
        *moments,
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("size", sa.SmallInteger(), server_default="50", nullable=False),
        *numbers,
        sa.PrimaryKeyConstraint("store_id", "hook_id", name=op.f("polls_pkey")),
    )


def _gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("hook_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("said", TEXTS, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("store_id", "delivery_id", name=op.f("gaps_pkey")),
    )
    columns = ["store_id", "hook_id", "found_at", "delivery_id"]
    op.create_index(op.f("gaps_store_id_hook_id_found_at_delivery_id_idx"), "gaps", columns, unique=False)
    op.create_index(op.f("gaps_store_id_found_at_idx"), "gaps", ["store_id", "found_at"], unique=False)
    op.create_index(
        "gaps_open_idx",
        "gaps",
        ["store_id", "hook_id", "order_id"],
        unique=False,
        postgresql_where=sa.text("late_at is null"),
    )


def _begin() -> None:
    """Connections that have access already are polled from now on."""
    # A migration is of all stores, and the owner is bound by the stores' policies too.
    op.execute("alter table hooks no force row level security")
    having = "from hooks where access is not null and deleted_at is null and platform = 'insales'"
    op.execute(
        "insert into polls (store_id, hook_id, state, reached_at, next_at)"
        f" select store_id, hook_id, 'idle', now(), now() {having}"
    )
    op.execute(
        f"insert into due (job, store_id, at) select distinct 'connectors.poll', store_id, now() {having}"
        " on conflict do nothing"
    )
    op.execute("alter table hooks force row level security")


def downgrade() -> None:
    for table in ("gaps", "polled", "polls"):
        op.drop_table(table)
    op.drop_index("deliveries_of_order_idx", table_name="deliveries")
    for column in ("as_of", "said"):
        op.drop_column("deliveries", column)
