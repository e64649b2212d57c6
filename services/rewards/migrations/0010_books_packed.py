"""The books lie closer: a posting set's reason is packed, and what many items of their indexes say alike is said once.

Sets from before keep their reason plain and are read as they are; their hash covers the text either way.

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op

from services.rewards.ledger.sql import unpack_basis

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_OWNER = ("entries_store_id_owner_number_idx", "entries", ["store_id", "owner", "number"])
_REWARD = ("posting_sets_store_id_reward_id_idx", "posting_sets", ["store_id", "reward_id", "number"])
_PROGRAM = ("entries", ["store_id", "owner"])


def upgrade() -> None:
    op.add_column("posting_sets", sa.Column("packed_basis", sa.LargeBinary(), nullable=True))
    op.alter_column("posting_sets", "basis", nullable=True)
    op.create_index("entries_holder_idx", *_OWNER[1:], postgresql_where=sa.text("account <> 'program_expense'"))
    op.create_index("entries_program_idx", *_PROGRAM, postgresql_where=sa.text("account = 'program_expense'"))
    op.create_index("posting_sets_reward_idx", "posting_sets", ["store_id", "reward_id"])
    for name, table, _ in (_OWNER, _REWARD):
        op.drop_index(name, table_name=table)


def downgrade() -> None:
    for index in (_OWNER, _REWARD):
        op.create_index(*index)
    for name in ("entries_holder_idx", "entries_program_idx"):
        op.drop_index(name, table_name="entries")
    op.drop_index("posting_sets_reward_idx", table_name="posting_sets")
    db = op.get_bind()
    # The owner is held by the stores' policies too; they are put back after every migration.
    op.execute("alter table posting_sets no force row level security")
    while rows := db.execute(
        sa.text("select store_id, number, packed_basis from posting_sets where basis is null limit 1000")
    ).all():
        plain = [{"s": r.store_id, "n": r.number, "b": unpack_basis(bytes(r.packed_basis))} for r in rows]
        db.execute(sa.text("update posting_sets set basis = :b where store_id = :s and number = :n"), plain)
    op.alter_column("posting_sets", "basis", nullable=False)
    op.drop_column("posting_sets", "packed_basis")
