"""Notes that a store takes of its ambassadors, and the audit by what it was done to

Revision: 0024
Follows: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("notes", sa.Text(), nullable=True))
    op.create_index("audit_subject_idx", "audit", ["store_id", "subject", "at"])


def downgrade() -> None:
    op.drop_index("audit_subject_idx", "audit")
    op.drop_column("people", "notes")
