"""Custom events: what people did that is no order, and who referred them.

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "custom_events",
        *(_text(name) for name in ("store_id", "event_id", "name")),
        *(_moment(name) for name in ("happened_at", "received_at")),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _moment("cancelled_at", nullable=True),
        _text("cancel_reason", nullable=True),
        _text("person_id", nullable=True),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("told_hash", sa.LargeBinary(), nullable=True),
        sa.Column("decision", sa.LargeBinary(), nullable=True),
        *(_moment(name, nullable=True) for name in ("decided_at", "settle_at", "settled_at")),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(cancelled_at is null) = (cancel_reason is null)", name=op.f("custom_events_cancelled_check")
        ),
        sa.CheckConstraint("settled_at is null or decision is not null", name=op.f("custom_events_settled_check")),
        sa.PrimaryKeyConstraint("store_id", "event_id", name=op.f("custom_events_pkey")),
    )
    op.create_index("custom_events_person_idx", "custom_events", ["store_id", "person_id"])
    op.create_index("custom_events_newest_idx", "custom_events", ["store_id", "happened_at", "event_id"])
    op.create_index(
        "custom_events_stale_idx",
        "custom_events",
        ["store_id", "event_id"],
        postgresql_where=sa.text("stale and person_id is not null"),
    )
    op.create_index(
        "custom_events_open_idx",
        "custom_events",
        ["store_id", "settle_at"],
        postgresql_where=sa.text("settled_at is null and settle_at is not null"),
    )
    op.create_table(
        "custom_event_ties",
        *(_text(name) for name in ("store_id", "key", "event_id")),
        sa.PrimaryKeyConstraint("store_id", "key", "event_id", name=op.f("custom_event_ties_pkey")),
    )
    op.create_index("custom_event_ties_event_idx", "custom_event_ties", ["store_id", "event_id"])


def downgrade() -> None:
    op.drop_table("custom_event_ties")
    op.drop_table("custom_events")
