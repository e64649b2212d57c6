"""Full sketches become registers

Revision: 0005
Follows: 0004

A sketch was the 1,024 smallest hashes of a day's people, so a full one knows about one person in so many. Each of those
stands for that many: itself, and others that are derived from it, so that who was there on two days stays one person.
Such days keep the error that their sketch had, about 3 %; days from now on have the new one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FULL = 1024
REGISTERS, REST = 2**14, 50
RANGE = 2**64


def upgrade() -> None:
    connection = op.get_bind()
    # A migration is of all stores, and the owner is bound by the stores' policies too.
    for table in ("sketches", "daily_channels"):
        op.execute(f"alter table {table} no force row level security")
    op.execute("update daily_channels set orders_by_code = orders where channel = 'code' and orders_by_code <> orders")
    key = "store_id = :store and day = :day and kind = :kind"
    found = connection.execute(
        sa.text("select store_id, day, kind from sketches where octet_length(hashes) = :size"), {"size": 8 * FULL}
    ).all()
    for store, day, kind in found:
        named = {"store": store, "day": day, "kind": kind}
        data = connection.execute(sa.text(f"select hashes from sketches where {key}"), named).scalar_one()  # noqa: S608
        connection.execute(
            sa.text(f"update sketches set hashes = :made where {key}"),  # noqa: S608
            {**named, "made": registers_of(bytes(data))},
        )
    for table in ("sketches", "daily_channels"):
        op.execute(f"alter table {table} force row level security")


def registers_of(full: bytes) -> bytes:
    """The registers of as many people as a full sketch of the old form stands for."""
    hashes = [int.from_bytes(full[start : start + 8], "big") for start in range(0, len(full), 8)]
    each = (FULL - 1) * RANGE / (hashes[-1] + 1) / FULL
    made = bytearray(REGISTERS)
    for person in hashes:
        # The part of a person is somebody for some and nobody for the others, by their own hash: the same every day.
        people = int(each) + (_mixed(person) < (each % 1) * RANGE)
        for number in range(max(1, people)):
            value = _mixed(person + number) if number else person
            place = value >> REST
            made[place] = max(made[place], REST + 1 - (value & (2**REST - 1)).bit_length())
    return bytes(made)


def _mixed(value: int) -> int:
    """64 other even bits (splitmix64)."""
    value = (value * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % RANGE
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % RANGE
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % RANGE
    return value ^ (value >> 31)


def downgrade() -> None:
    # The smallest hashes of a full sketch are not kept, so those days are counted by nobody in the old form.
    op.execute("delete from sketches where octet_length(hashes) > 8192")
