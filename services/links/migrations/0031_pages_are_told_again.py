"""Others are told once more where ambassadors' links lead, for those that lead to a page of their own

Analytics did not keep it; from now on it knows which pages sell. Ten minutes later, when no process of the former build
is left to hear of it and to keep nothing.

Revision: 0031
Follows: 0030
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_LATER = "now() + make_interval(mins => 10, secs => coalesce((select offset_seconds from clock), 0))"


def upgrade() -> None:
    # The owner is held by the stores' policies too; they are put back after every migration.
    for table in ("ambassadors", "links", "unannounced"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "insert into unannounced (store_id, ambassador_id) select distinct a.store_id, a.ambassador_id from links l"
        " join ambassadors a on a.store_id = l.store_id and a.ambassador_id = l.ambassador_id"
        " where l.destination is not null and a.status <> 'erased' on conflict do nothing"
    )
    op.execute(
        f"insert into due (job, store_id, at) select distinct 'links.announce-again', store_id, {_LATER}"  # noqa: S608
        " from unannounced on conflict do nothing"
    )


def downgrade() -> None:
    pass
