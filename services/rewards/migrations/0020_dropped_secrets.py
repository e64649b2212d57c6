"""The secret of a provider that was ended goes once nothing is left to be asked there.

Revision: 0020
Follows: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("payout_providers", "sealed", nullable=True)


def downgrade() -> None:
    op.execute("update payout_providers set sealed = '' where sealed is null")
    op.alter_column("payout_providers", "sealed", nullable=False)
