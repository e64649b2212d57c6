"""What is shown of an access does not outlive it, whoever writes the access.

Revision: 0020
Follows: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A process of the former version changes the access alone. It never seals for workers alone, so what it wrote is
    opened by everybody who is to show a hint of it.
    """
    schema = op.get_bind().exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    op.execute(f"""
        create function drop_former_hint() returns trigger language plpgsql set search_path = {schema}, pg_temp as $$
        begin
          new.access_hint := null;
          return new;
        end $$""")
    op.execute("""
        create trigger hooks_access_hint before update of access on hooks for each row
        when (new.access is distinct from old.access and new.access_hint is not distinct from old.access_hint
              and substring(new.access from 1 for 2) is distinct from 'b:'::bytea)
        execute function drop_former_hint()""")


def downgrade() -> None:
    op.execute("drop trigger hooks_access_hint on hooks")
    op.execute("drop function drop_former_hint()")
