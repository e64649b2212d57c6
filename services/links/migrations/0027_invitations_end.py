"""Who is invited never again, and indexes for what is due, for how many somebody gave, and for the months

Revision: 0027
Follows: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("invites_store_id_due_idx"), "invites")
    op.create_index("invites_due_idx", "invites", ["store_id", "due"], postgresql_where=sa.text("due is not null"))
    op.create_index(
        op.f("invites_store_id_inviter_id_created_at_idx"), "invites", ["store_id", "inviter_id", "created_at"]
    )
    op.create_index(op.f("invite_counts_month_idx"), "invite_counts", ["month"])
    op.create_table(
        "invite_refusals",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("mail_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "mail_hash", name=op.f("invite_refusals_pkey")),
    )


def downgrade() -> None:
    op.drop_table("invite_refusals")
    op.drop_index(op.f("invite_counts_month_idx"), "invite_counts")
    op.drop_index(op.f("invites_store_id_inviter_id_created_at_idx"), "invites")
    op.drop_index("invites_due_idx", "invites")
    op.create_index(op.f("invites_store_id_due_idx"), "invites", ["store_id", "due"])
