"""What one person may give or pay alone is looked at over a day, and rewards of a source in one state are found.

Revision: 0021
Follows: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_FORMER = "goodwill_terms_former_check"


def upgrade() -> None:
    op.add_column("goodwill_terms", sa.Column("former_minor", sa.BigInteger(), nullable=True))
    op.add_column("goodwill_terms", sa.Column("former_period", sa.Text(), nullable=True))
    op.add_column("goodwill_terms", sa.Column("looser_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f(_FORMER),
        "goodwill_terms",
        "(former_minor is null) = (looser_at is null) and (former_period is null) = (looser_at is null)",
    )
    op.create_index(
        "payout_batches_approved_idx", "payout_batches", ["store_id", "approved_by", "currency", "approved_at"]
    )
    op.create_index(
        "rewards_sourced_status_idx",
        "rewards",
        ["store_id", "source_kind", "status", "reward_id"],
        postgresql_where=sa.text("source_kind <> 'order'"),
    )


def downgrade() -> None:
    op.drop_index("rewards_sourced_status_idx", "rewards")
    op.drop_index("payout_batches_approved_idx", "payout_batches")
    op.drop_constraint(op.f(_FORMER), "goodwill_terms")
    op.drop_column("goodwill_terms", "looser_at")
    op.drop_column("goodwill_terms", "former_period")
    op.drop_column("goodwill_terms", "former_minor")
