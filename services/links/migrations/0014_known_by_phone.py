"""Whom a program knows by a phone number, beside whom by a mail address.

Revision: 0014
Follows: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_KNOWN = """
insert into ambassador_contacts (store_id, program_id, hash, ambassador_id)
select distinct on (a.store_id, a.program_id, h) a.store_id, a.program_id, h, a.ambassador_id
from ambassadors a cross join lateral unnest(a.contact_hashes) h
where a.status <> 'erased' and starts_with(h, 'p_')
order by a.store_id, a.program_id, h, a.ambassador_id
on conflict do nothing
"""


def upgrade() -> None:
    op.rename_table("ambassador_mails", "ambassador_contacts")
    op.execute("alter index ambassador_mails_pkey rename to ambassador_contacts_pkey")
    op.execute(
        "alter index ambassador_mails_store_id_ambassador_id_idx"
        " rename to ambassador_contacts_store_id_ambassador_id_idx"
    )
    # The owner is held by the stores' policies too; they are put back after every migration.
    op.execute("alter table ambassadors no force row level security")
    op.execute("alter table ambassador_contacts no force row level security")
    op.execute(_KNOWN)


def downgrade() -> None:
    op.execute("alter table ambassador_contacts no force row level security")
    op.execute("delete from ambassador_contacts where starts_with(hash, 'p_')")
    op.execute(
        "alter index ambassador_contacts_store_id_ambassador_id_idx"
        " rename to ambassador_mails_store_id_ambassador_id_idx"
    )
    op.execute("alter index ambassador_contacts_pkey rename to ambassador_mails_pkey")
    op.rename_table("ambassador_contacts", "ambassador_mails")
