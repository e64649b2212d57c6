"""Rows of codes by which phones are proved, in real time, and of the number that stands with the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.kernel.db import Row, Tx

MOST_TRIES: Final = 5
KEPT: Final = timedelta(days=1)
"""How long a code is counted against the limits of a day."""
_FIELDS = "code_id, store_id, ambassador_id, number_hash, tries, expires_at"
_TURN = "select pg_advisory_xact_lock(hashtextextended('kith.phone-codes.' || :store_id, 0))"
_COUNTS = """
select count(*) as of_store,
  count(*) filter (where ambassador_id = :ambassador_id) as of_person,
  count(*) filter (where ambassador_id = :ambassador_id and created_at > now() - interval '1 hour') as of_person_lately,
  count(*) filter (where number_hash = :number_hash) as of_number,
  count(*) filter (where number_hash = :number_hash and created_at > now() - interval '1 hour') as of_number_lately
from phone_codes where store_id = :store_id and created_at > now() - interval '1 day'
"""
_ADD = """
insert into phone_codes (code_id, store_id, ambassador_id, number_hash, created_at, expires_at)
values (:code_id, :store_id, :ambassador_id, :number_hash, now(), :expires_at)
"""
_GET = f"select {_FIELDS} from phone_codes where store_id = :store_id and code_id = :code_id"  # noqa: S608  # our own words
_NEWEST = f"""
select {_FIELDS} from phone_codes where store_id = :store_id and ambassador_id = :ambassador_id and used_at is null
  and expires_at > now()
order by created_at desc, code_id desc limit 1
"""  # noqa: S608
_USE = "update phone_codes set used_at = now() where store_id = :store_id and code_id = :code_id"
_TRIED = "update phone_codes set tries = tries + 1 where store_id = :store_id and code_id = :code_id"
_FORGET_OF = "delete from phone_codes where store_id = :store_id and ambassador_id = :ambassador_id"
_FORGET = """
delete from phone_codes
where store_id = any(cast(:stores as text[])) and created_at <= now() - cast(:kept as interval)
"""
_ASK_PHONE = "update people set sms_asked = :number where store_id = :store_id and ambassador_id = :ambassador_id"
_SET_PHONE = """
update people set sms = :number, sms_hash = :number_hash, sms_asked = null
where store_id = :store_id and ambassador_id = :ambassador_id
"""
_OLDEST = """
select store_id, min(created_at) as at from phone_codes where store_id = any(cast(:stores as text[])) group by store_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code that was asked for."""

    code_id: str
    store_id: str
    ambassador_id: str
    number_hash: str
    tries: int
    expires_at: datetime


class Counts(NamedTuple):
    """Codes of the last day, and of the last hour."""

    of_store: int
    of_person: int
    of_person_lately: int
    of_number: int
    of_number_lately: int


def _code(row: Row) -> Code:
    return Code(**row._asdict())


async def counts(tx: Tx, store_id: str, *, ambassador_id: str, number_hash: str) -> Counts:
    """How many codes were asked for lately. One asking at a time in a store, until the transaction ends."""
    await tx.execute(_TURN, store_id=store_id)
    row = await tx.one(_COUNTS, store_id=store_id, ambassador_id=ambassador_id, number_hash=number_hash)
    return Counts(*row)


async def add(
    tx: Tx, store_id: str, code_id: str, *, ambassador_id: str, number_hash: str, expires_at: datetime
) -> None:
    """Keeps that a code was asked for."""
    await tx.execute(
        _ADD,
        store_id=store_id,
        code_id=code_id,
        ambassador_id=ambassador_id,
        number_hash=number_hash,
        expires_at=expires_at,
    )


async def get(tx: Tx, store_id: str, code_id: str) -> Code | None:
    """One code."""
    row = await tx.one_or_none(_GET, store_id=store_id, code_id=code_id)
    return _code(row) if row else None


async def newest(tx: Tx, store_id: str, ambassador_id: str, *, lock: bool = False) -> Code | None:
    """The code that somebody may type now: the newest, while it is good."""
    statement = _NEWEST + (" for update" if lock else "")
    row = await tx.one_or_none(statement, store_id=store_id, ambassador_id=ambassador_id)
    return _code(row) if row and row.tries < MOST_TRIES else None


async def use(tx: Tx, store_id: str, code_id: str) -> None:
    """A code is good once."""
    await tx.execute(_USE, store_id=store_id, code_id=code_id)


async def tried(tx: Tx, store_id: str, code_id: str) -> None:
    """Counts a wrong one against it."""
    await tx.execute(_TRIED, store_id=store_id, code_id=code_id)


async def forget_of(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """Forgets what somebody asked for."""
    await tx.execute(_FORGET_OF, store_id=store_id, ambassador_id=ambassador_id)


async def forget_over(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Forgets the codes of these stores that count no more; when each store's next one does not."""
    await tx.execute(_FORGET, stores=list(stores), kept=KEPT)
    return {row.store_id: row.at + KEPT for row in await tx.all(_OLDEST, stores=list(stores))}


async def ask_phone(tx: Tx, store_id: str, ambassador_id: str, number: str) -> None:
    """Keeps the number that somebody is to prove."""
    await tx.execute(_ASK_PHONE, store_id=store_id, ambassador_id=ambassador_id, number=number)


async def prove_phone(tx: Tx, store_id: str, ambassador_id: str, number: str, number_hash: str) -> None:
    """Keeps a number that somebody has proved."""
    await tx.execute(_SET_PHONE, store_id=store_id, ambassador_id=ambassador_id, number=number, number_hash=number_hash)


async def drop_phone(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """Forgets the number that somebody had proved, and any that they were to prove."""
    await tx.execute(_SET_PHONE, store_id=store_id, ambassador_id=ambassador_id, number=None, number_hash=None)
