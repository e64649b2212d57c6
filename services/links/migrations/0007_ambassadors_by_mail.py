"""Whom a program knows by a mail address: of those who have it the one who joined first.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KNOWN = """
insert into ambassador_mails (store_id, program_id, hash, ambassador_id)
select distinct on (a.store_id, a.program_id, h) a.store_id, a.program_id, h, a.ambassador_id
from ambassadors a cross join lateral unnest(a.contact_hashes) h
where a.status <> 'erased' and starts_with(h, 'e_')
order by a.store_id, a.program_id, h, a.ambassador_id
"""


def upgrade() -> None:
    op.create_table(
        "ambassador_mails",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("store_id", "program_id", "hash", "ambassador_id")),
        sa.PrimaryKeyConstraint("store_id", "program_id", "hash", name=op.f("ambassador_mails_pkey")),
    )
    op.create_index(
        op.f("ambassador_mails_store_id_ambassador_id_idx"), "ambassador_mails", ["store_id", "ambassador_id"]
    )
    # The owner is held by the stores' policies too; they are put back after every migration.
    op.execute("alter table ambassadors no force row level security")
    op.execute(_KNOWN)


def downgrade() -> None:
    op.drop_table("ambassador_mails")
