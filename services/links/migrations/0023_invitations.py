"""Invitations by mail and by personal addresses, and by which one somebody joined

Revision: 0023
Follows: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _invites() -> None:
    op.create_table(
        "invites",
        *map(_text, ("invite_id", "store_id", "program_id", "purpose", "inviter_kind", "inviter_id", "mail_hash")),
        _text("email", nullable=True),
        *map(_text, ("language", "state", "consent")),
        _moment("created_at"),
        _moment("due", nullable=True),
        _moment("followed_at", nullable=True),
        sa.PrimaryKeyConstraint("invite_id", name=op.f("invites_pkey")),
        sa.UniqueConstraint(
            "store_id",
            "program_id",
            "inviter_id",
            "mail_hash",
            name=op.f("invites_store_id_program_id_inviter_id_mail_hash_key"),
        ),
    )
    op.create_index(op.f("invites_store_id_due_idx"), "invites", ["store_id", "due"])
    op.create_index(op.f("invites_store_id_mail_hash_idx"), "invites", ["store_id", "mail_hash"])


def upgrade() -> None:
    _invites()
    op.create_table(
        "invitations",
        *map(_text, ("invitation_id", "store_id", "program_id", "inviter_id", "label")),
        _moment("created_at"),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("invitations_pkey")),
    )
    op.create_index(op.f("invitations_store_id_created_at_idx"), "invitations", ["store_id", "created_at"])
    op.create_table(
        "invited",
        *map(_text, ("store_id", "ambassador_id", "by_id", "inviter_id")),
        _moment("at"),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("invited_pkey")),
    )
    op.create_index(op.f("invited_store_id_by_id_idx"), "invited", ["store_id", "by_id"])
    op.create_table(
        "invite_counts",
        *map(_text, ("mail_hash", "month")),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("mail_hash", name=op.f("invite_counts_pkey")),
        info={"rls": False},
    )
    op.add_column("applicants", _text("invitation", nullable=True))


def downgrade() -> None:
    op.drop_column("applicants", "invitation")
    for table in ("invite_counts", "invited", "invitations", "invites"):
        op.drop_table(table)
