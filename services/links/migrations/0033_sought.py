"""What ambassadors are searched by is one text, kept with the person.

Revision: 0033
Follows: 0032
"""

# ruff: noqa: E501, S608 (the tool writes long lines; the schema's name comes from the database)
import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_TEXT = "lower(concat_ws(e'\\n', p.name, p.email, a.external_id, c.code))"


def upgrade() -> None:
    # At once, as queries take them: a lock that grows while replicas run may wait for one who waits for it.
    op.execute("lock table ambassadors, people, codes in access exclusive mode")
    op.add_column("people", sa.Column("sought", sa.Text(), nullable=True))
    op.create_index(
        "ambassadors_erased_idx",
        "ambassadors",
        ["store_id", "ambassador_id"],
        postgresql_where=sa.text("status = 'erased'"),
    )
    _keep_it()
    # The owner is held by the stores' policies too; they are put back after every migration.
    for table in ("ambassadors", "codes", "people"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        f"update people p set sought = {_TEXT} from ambassadors a"
        " left join codes c on c.store_id = a.store_id and c.code_id = a.code_id"
        " where a.store_id = p.store_id and a.ambassador_id = p.ambassador_id"
    )


def _keep_it() -> None:
    """Whoever writes a person or gives them their code, a process of the former build too, keeps the text."""
    schema = op.get_bind().exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    # Plans are pinned to indexes: one made while the tables were empty would read all of them ever after.
    pinned = f"set search_path = {schema}, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off"
    op.execute(f"""
        create function keep_sought() returns trigger language plpgsql {pinned} as $$
        begin
          new.sought := (
            select {_TEXT.replace("p.", "new.")} from ambassadors a
            left join codes c on c.store_id = a.store_id and c.code_id = a.code_id
            where a.store_id = new.store_id and a.ambassador_id = new.ambassador_id);
          return new;
        end $$""")
    op.execute("""
        create trigger people_sought before insert or update of name, email on people
        for each row execute function keep_sought()""")
    op.execute(f"""
        create function keep_sought_codes() returns trigger language plpgsql {pinned} as $$
        begin
          update people p set sought = {_TEXT} from added c
            join ambassadors a on a.store_id = c.store_id and a.ambassador_id = c.ambassador_id
              and a.code_id = c.code_id
            where p.store_id = a.store_id and p.ambassador_id = a.ambassador_id;
          return null;
        end $$""")
    op.execute("""
        create trigger codes_sought after insert on codes referencing new table as added
        for each statement execute function keep_sought_codes()""")


def downgrade() -> None:
    op.execute("drop trigger codes_sought on codes")
    op.execute("drop trigger people_sought on people")
    op.execute("drop function keep_sought_codes()")
    op.execute("drop function keep_sought()")
    op.drop_index("ambassadors_erased_idx", table_name="ambassadors")
    op.drop_column("people", "sought")
