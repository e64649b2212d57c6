"""The tighter limit of before, which holds for a day after a looser one was set.

Revision: 0018
Follows: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payout_terms", sa.Column("former_minor", sa.BigInteger(), nullable=True))
    op.add_column("payout_terms", sa.Column("looser_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("payout_terms_former_check"), "payout_terms", "(former_minor is null) = (looser_at is null)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("payout_terms_former_check"), "payout_terms")
    op.drop_column("payout_terms", "looser_at")
    op.drop_column("payout_terms", "former_minor")
