"""Ambassadors' sessions at the portal: who keeps them can end them, wherever their cookies are.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "portal_sessions",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("session_id", "store_id", "ambassador_id", "way")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("started_at", "expires_at")),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("session_id", name=op.f("portal_sessions_pkey")),
    )
    op.create_index(
        op.f("portal_sessions_store_id_ambassador_id_idx"), "portal_sessions", ["store_id", "ambassador_id"]
    )


def downgrade() -> None:
    op.drop_table("portal_sessions")
