"""What platforms' own ids of codes stand for: Stripe tells of a promotion code that a buyer typed by its id alone.

Revision: 0011
Follows: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "remote_codes",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("store_id", "connection_id", "remote_id", "code")),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "connection_id", "remote_id", name=op.f("remote_codes_pkey")),
    )
    op.execute(
        "insert into remote_codes (store_id, connection_id, remote_id, code, noted_at)"
        " select s.store_id, s.connection_id, s.remote_id, s.code, s.changed_at"
        " from store_codes s join code_carriers c using (store_id, connection_id)"
        " where c.platform = 'stripe' and s.remote_id is not null on conflict do nothing"
    )


def downgrade() -> None:
    op.drop_table("remote_codes")
