"""Mails and what became of them; proofs that an address is one's own; programs found by their id alone.

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
        "mails",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("mail_id", "store_id", "kind", "about")),
        sa.Column("ambassador_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("mails_pkey")),
    )
    op.create_index(op.f("mails_store_id_created_at_mail_id_idx"), "mails", ["store_id", "created_at", "mail_id"])
    op.create_index(op.f("mails_store_id_ambassador_id_idx"), "mails", ["store_id", "ambassador_id"])
    op.create_table(
        "proofs",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("proof_id", "store_id", "purpose", "program_id")),
        sa.Column("about", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("mail_hash", "browser_hash", "language")),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "expires_at")),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("proof_id", name=op.f("proofs_pkey")),
    )
    op.create_index(op.f("proofs_store_id_browser_hash_idx"), "proofs", ["store_id", "browser_hash"])
    op.create_index(op.f("proofs_store_id_expires_at_idx"), "proofs", ["store_id", "expires_at"])
    op.create_table(
        "asked_mails",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(op.f("asked_mails_hash_at_idx"), "asked_mails", ["hash", "at"])
    op.create_index(op.f("asked_mails_at_idx"), "asked_mails", ["at"])
    # The owner is held by the stores' policies too; they are put back after every migration.
    op.execute("alter table programs no force row level security")
    op.execute(
        "insert into directory (kind, key, store_id, id)"
        " select 'program', program_id, store_id, program_id from programs on conflict do nothing"
    )


def downgrade() -> None:
    op.execute("delete from directory where kind = 'program'")
    for table in ("asked_mails", "proofs", "mails"):
        op.drop_table(table)
