"""Custom events are decided by what is open: the clicks that a person's events came with, and names by person. The
clicks are filled in by 0023.

Revision: 0019
Follows: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # At once, as queries take them: a lock that grows while replicas run may wait for one who waits for it.
    op.execute("lock table person_keys, custom_events in access exclusive mode")
    op.create_table(
        "custom_event_clicks",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("click_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "person_id", "click_id", name=op.f("custom_event_clicks_pkey")),
    )
    op.create_index(
        "custom_event_clicks_newest_idx",
        "custom_event_clicks",
        ["store_id", "person_id", "at", "click_id"],
        postgresql_ops={"click_id": "text_pattern_ops"},
    )
    op.create_index(
        "custom_events_at_hand_idx",
        "custom_events",
        ["store_id", "person_id"],
        postgresql_where=sa.text("settled_at is null or stale"),
    )
    op.create_index(
        "custom_events_standing_idx",
        "custom_events",
        ["store_id", "person_id", "name", "number", "happened_at", "event_id", "joined"],
        postgresql_where=sa.text("settled_at is not null and cancelled_at is null and not stale"),
    )
    op.create_index(
        "custom_events_joined_idx",
        "custom_events",
        ["store_id", "person_id"],
        postgresql_where=sa.text("joined is not null"),
    )
    op.create_index(
        "person_keys_person_idx",
        "person_keys",
        ["store_id", "person_id", "key"],
        postgresql_ops={"key": "text_pattern_ops"},
    )


def downgrade() -> None:
    op.drop_index("person_keys_person_idx", table_name="person_keys")
    op.drop_index("custom_events_joined_idx", table_name="custom_events")
    op.drop_index("custom_events_standing_idx", table_name="custom_events")
    op.drop_index("custom_events_at_hand_idx", table_name="custom_events")
    op.drop_table("custom_event_clicks")
