"""Clicks of custom events are remembered whoever assigns the event, a process of the former build too.

Revision: 0023
Follows: 0019
"""

from alembic import op

revision = "0023"
down_revision = "0019"
branch_labels = None
depends_on = None

_ADD = """
insert into custom_event_clicks (store_id, person_id, click_id, at, body)
select e.store_id, e.person_id, t ->> 'click_id', cast(t ->> 'at' as timestamptz), convert_to(cast(t as text), 'utf8')
from {events} e cross join jsonb_array_elements(convert_from(e.body, 'utf8')::jsonb -> 'tokens') t
where e.person_id is not null on conflict do nothing
"""


def upgrade() -> None:
    op.execute("lock table custom_events in access exclusive mode")
    schema = op.get_bind().exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    op.execute(f"""
        create function keep_event_clicks() returns trigger language plpgsql
        set search_path = {schema}, pg_temp as $$
        begin
          {_ADD.format(events="(select new.*)")};
          return null;
        end $$""")
    op.execute("""
        create trigger custom_events_clicks after insert or update of person_id on custom_events
        for each row when (new.person_id is not null) execute function keep_event_clicks()""")
    # The owner is held by the stores' policies too; they are put back after every migration.
    op.execute("alter table custom_events no force row level security")
    op.execute(_ADD.format(events="custom_events"))


def downgrade() -> None:
    op.execute("drop trigger custom_events_clicks on custom_events")
    op.execute("drop function keep_event_clicks()")
