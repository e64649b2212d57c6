"""Rows of gateways, and of what stores spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from services.kernel.db import Row, Tx

KIND = "sms"
_FIELDS = (
    "store_id, hook, url, sender, sealed_secret, secret_end, prefixes, most_a_day, most_a_month, most_codes_a_day,"
    " state, reason, created_at, changed_at"
)
_PUT = f"""
insert into sms_gateways ({_FIELDS})
values (:store_id, :hook, :url, :sender, :sealed_secret, :secret_end, cast(:prefixes as text[]), :most_a_day,
  :most_a_month, :most_codes_a_day, :state, :reason, :created_at, :changed_at)
on conflict (store_id) do update set url = excluded.url, sender = excluded.sender,
  sealed_secret = excluded.sealed_secret, secret_end = excluded.secret_end, prefixes = excluded.prefixes,
  most_a_day = excluded.most_a_day, most_a_month = excluded.most_a_month,
  most_codes_a_day = excluded.most_codes_a_day, state = excluded.state, reason = excluded.reason,
  changed_at = excluded.changed_at
"""  # noqa: S608  # our own words
_GET = f"select {_FIELDS} from sms_gateways where store_id = :store_id"  # noqa: S608
_REFUSED = """
update sms_gateways set state = 'refused', reason = :reason
where store_id = :store_id and url = :url and sealed_secret = :sealed_secret
"""
_DELETE = "delete from sms_gateways where store_id = :store_id"
_LIST = """
insert into directory (kind, key, store_id, id) values (:kind, :hook, :store_id, :hook) on conflict do nothing
"""
_UNLIST = "delete from directory where kind = :kind and store_id = :store_id"
_WHERE = "select store_id from directory where kind = :kind and key = :hook"
_SPENT = """
select coalesce(sum(segments) filter (where day = :day), 0) as today, coalesce(sum(segments), 0) as month
from sms_spent where store_id = :store_id and day between :first and :day
"""
_SPEND = """
insert into sms_spent (store_id, day, segments) values (:store_id, :day, :segments)
on conflict (store_id, day) do update set segments = sms_spent.segments + excluded.segments
"""
_RESERVE = """
update mails set segments = :segments where store_id = :store_id and mail_id = :mail_id
"""
_IS_RESERVED = "select segments is not null from mails where store_id = :store_id and mail_id = :mail_id"
_GIVE_BACK = """
with back as (
  update mails set segments = 0 where store_id = :store_id and mail_id = :mail_id and segments > 0
  returning (select m.segments from mails m where m.store_id = :store_id and m.mail_id = :mail_id) as before)
update sms_spent set segments = sms_spent.segments - back.before from back
where store_id = :store_id and day = :day and sms_spent.segments >= back.before
"""
_FORGET = "delete from sms_spent where store_id = any(cast(:stores as text[])) and day < :before"

State = Literal["active", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A store's gateway. `hook` is the name under which it reports."""

    store_id: str
    hook: str
    url: str
    sender: str
    sealed_secret: bytes
    secret_end: str
    prefixes: tuple[str, ...]
    most_a_day: int
    most_a_month: int
    most_codes_a_day: int
    state: State
    reason: str | None
    created_at: datetime
    changed_at: datetime


class Spent(NamedTuple):
    """Segments of today and of this month, by the store's days."""

    today: int
    month: int


def _settings(row: Row) -> Settings:
    found = row._asdict()
    return Settings(**{**found, "sealed_secret": bytes(row.sealed_secret), "prefixes": tuple(row.prefixes)})


async def put(tx: Tx, one: Settings) -> None:
    """Keeps a store's gateway."""
    found = {name: getattr(one, name) for name in Settings.__dataclass_fields__}
    await tx.execute(_PUT, **{**found, "prefixes": list(one.prefixes)})
    await tx.execute(_LIST, kind=KIND, hook=one.hook, store_id=one.store_id)


async def get(tx: Tx, store_id: str, *, lock: bool = False) -> Settings | None:
    """A store's gateway."""
    row = await tx.one_or_none(_GET + (" for update" if lock else ""), store_id=store_id)
    return _settings(row) if row else None


async def set_refused(tx: Tx, one: Settings, reason: str) -> None:
    """Notes that the gateway takes nothing from us; nothing where it was set up anew meanwhile."""
    await tx.execute(_REFUSED, store_id=one.store_id, url=one.url, sealed_secret=one.sealed_secret, reason=reason)


async def delete(tx: Tx, store_id: str) -> bool:
    """Forgets a store's gateway; False if it had none."""
    await tx.execute(_UNLIST, kind=KIND, store_id=store_id)
    return await tx.execute(_DELETE, store_id=store_id) > 0


async def store_of(tx: Tx, hook: str) -> str | None:
    """Whose gateway reports under this name."""
    found = await tx.scalar(_WHERE, kind=KIND, hook=hook)
    return None if found is None else str(found)


async def spent(tx: Tx, store_id: str, day: date) -> Spent:
    """What a store has spent on a day, and in its month up to then."""
    row = await tx.one(_SPENT, store_id=store_id, day=day, first=day.replace(day=1))
    return Spent(int(row.today), int(row.month))


async def spend(tx: Tx, store_id: str, day: date, segments: int) -> None:
    """Counts segments."""
    await tx.execute(_SPEND, store_id=store_id, day=day, segments=segments)


async def is_reserved(tx: Tx, store_id: str, mail_id: str) -> bool:
    """Whether it is noted already what a message costs."""
    return bool(await tx.scalar(_IS_RESERVED, store_id=store_id, mail_id=mail_id))


async def reserve(tx: Tx, store_id: str, mail_id: str, segments: int) -> None:
    """Notes what a message costs."""
    await tx.execute(_RESERVE, store_id=store_id, mail_id=mail_id, segments=segments)


async def give_back(tx: Tx, store_id: str, mail_id: str, day: date) -> None:
    """Takes back what a message was to cost which was not sent, where that was of today."""
    await tx.execute(_GIVE_BACK, store_id=store_id, mail_id=mail_id, day=day)


async def forget_before(tx: Tx, stores: Sequence[str], before: date) -> None:
    """Forgets what was spent before a day."""
    await tx.execute(_FORGET, stores=list(stores), before=before)
