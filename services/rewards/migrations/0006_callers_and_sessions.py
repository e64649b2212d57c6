"""Kept answers belong to whoever asked; sessions that were ended by signing out.

Answers from before belong to nobody: they answer no one, and are gone after a day.

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answers", sa.Column("caller", sa.Text(), nullable=False, server_default=""))
    op.drop_constraint("answers_pkey", "answers", type_="primary")
    op.create_primary_key("answers_pkey", "answers", ["store_id", "caller", "route", "key"])
    op.create_table(
        "ended_sessions",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=op.f("ended_sessions_pkey")),
    )


def downgrade() -> None:
    op.drop_table("ended_sessions")
    op.execute("delete from answers")
    op.drop_constraint("answers_pkey", "answers", type_="primary")
    op.drop_column("answers", "caller")
    op.create_primary_key("answers_pkey", "answers", ["store_id", "route", "key"])
