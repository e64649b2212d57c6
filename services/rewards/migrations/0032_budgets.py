"""What was reported of programs' budgets. Those that were used up before are reported by a job.

Revision: 0032
Follows: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget_states",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("exhausted", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "program_id", name=op.f("budget_states_pkey")),
    )
    # The owner is held by the stores' policies too; they are put back after every migration.
    op.execute("alter table programs no force row level security")
    op.execute(
        "insert into due (job, store_id, at)"
        " select distinct 'budgets', store_id, now() from programs where budget_minor is not null"
        " on conflict do nothing"
    )


def downgrade() -> None:
    op.execute("delete from due where job = 'budgets'")
    op.drop_table("budget_states")
