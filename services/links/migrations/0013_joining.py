"""Who joined by themselves: in which role, by which terms; and those whose address is yet to be proved.

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ambassadors", sa.Column("role", sa.Text(), nullable=True))
    op.add_column("ambassadors", sa.Column("terms_version", sa.Text(), nullable=True))
    op.add_column("ambassadors", sa.Column("terms_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "applicants",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("applicant_id", "store_id", "program_id", "mail_hash")
        ),
        sa.Column("email", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("name", "role", "code", "terms_version")),
        sa.Column("locale", sa.Text(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "expires_at")),
        sa.PrimaryKeyConstraint("applicant_id", name=op.f("applicants_pkey")),
    )
    op.create_index(op.f("applicants_store_id_mail_hash_idx"), "applicants", ["store_id", "mail_hash"])
    op.create_index(op.f("applicants_store_id_expires_at_idx"), "applicants", ["store_id", "expires_at"])


def downgrade() -> None:
    op.drop_table("applicants")
    for name in ("terms_at", "terms_version", "role"):
        op.drop_column("ambassadors", name)
