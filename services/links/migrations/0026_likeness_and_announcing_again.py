"""Who may be the same person is found by indexes, and others are told again of ambassadors whom they know in part

Groups reached analytics with an ambassador's next change only, and the personal code was in no event: whoever has a
group, or more than one code, is announced once more. Ten minutes later, when no process of the former build is left to
hear of it and to keep the half that it knows.

Revision: 0026
Follows: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_LATER = "now() + make_interval(mins => 10, secs => coalesce((select offset_seconds from clock), 0))"
_HASHES = (("first_contact", "contact_hashes[1]"), ("second_contact", "contact_hashes[2]"))


def upgrade() -> None:
    for name, formula in _HASHES:
        op.add_column("ambassadors", sa.Column(name, sa.Text(), sa.Computed(formula, persisted=True), nullable=True))
        op.create_index(f"ambassadors_{name}_idx", "ambassadors", ["store_id", name, "ambassador_id"])
    op.add_column("people", sa.Column("name_folded", sa.Text(), sa.Computed("lower(name)", persisted=True)))
    op.create_index("people_name_folded_idx", "people", ["store_id", "name_folded", "ambassador_id"])
    op.create_table(
        "unannounced",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("unannounced_pkey")),
    )
    # The owner is held by the stores' policies too; they are put back after every migration.
    for table in ("ambassadors", "codes", "unannounced"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "insert into unannounced (store_id, ambassador_id) select a.store_id, a.ambassador_id from ambassadors a"
        " where a.status <> 'erased' and (a.group_name is not null or exists (select from codes c"
        " where c.store_id = a.store_id and c.ambassador_id = a.ambassador_id and c.code_id <> a.code_id))"
    )
    op.execute(
        f"insert into due (job, store_id, at) select distinct 'links.announce-again', store_id, {_LATER}"  # noqa: S608
        " from unannounced on conflict do nothing"
    )


def downgrade() -> None:
    op.execute("delete from due where job = 'links.announce-again'")
    op.drop_table("unannounced")
    op.drop_index("people_name_folded_idx", table_name="people")
    op.drop_column("people", "name_folded")
    for name, _ in _HASHES:
        op.drop_index(f"ambassadors_{name}_idx", table_name="ambassadors")
        op.drop_column("ambassadors", name)
