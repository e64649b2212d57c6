"""Programs whose budget is used up, as rewards reports.

Revision: 0034
Follows: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "program_budgets",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("exhausted", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "program_id", name=op.f("program_budgets_pkey")),
    )


def downgrade() -> None:
    op.drop_table("program_budgets")
