"""SQL of providers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx
from services.rewards.providers.domain.port import Kind

_KIND = "payout-provider"
_FIELDS = (
    "store_id, provider_id, kind, hook, place, client_id, sealed, secret_end, trouble, heard_at, made_at, changed_at,"
    " ended_at"
)
_ALL = f"select {_FIELDS} from payout_providers where store_id = :store order by provider_id"  # noqa: S608
_ONE = f"""
select {_FIELDS} from payout_providers where store_id = :store and provider_id = :provider
"""  # noqa: S608
_CURRENT = f"""
select {_FIELDS} from payout_providers where store_id = :store and kind = :kind and ended_at is null
"""  # noqa: S608
_BY_HOOK = f"select {_FIELDS} from payout_providers where store_id = :store and hook = :hook"  # noqa: S608
_ADD = f"""
insert into payout_providers ({_FIELDS}) values (:store_id, :provider_id, :kind, :hook, :place, :client_id, :sealed,
  :secret_end, null, null, :made_at, :changed_at, null)
"""  # noqa: S608
_LIST = "insert into directory (kind, key, store_id, id) values (:kind, :hook, :store, :id)"
_WHERE = "select store_id from directory where kind = :kind and key = :hook"
_RESECRET = """
update payout_providers set sealed = :sealed, secret_end = :end, trouble = null, changed_at = :now
where store_id = :store and provider_id = :provider
"""
_END = """
update payout_providers set ended_at = :now
where store_id = :store and provider_id = :provider and ended_at is null
"""
_FORGET = """
update payout_providers a set sealed = null, secret_end = ''
where a.store_id = :store and a.provider_id = any(cast(:providers as text[])) and a.ended_at is not null
  and a.sealed is not null
  and not exists (
    select from work_tasks t where t.kind = :task and t.lane = a.provider_id and t.state = 'waiting')
  and not exists (
    select from payouts p join payout_calls c on c.store_id = p.store_id and c.payout_id = p.payout_id
    where p.store_id = :store and p.status in ('submitting', 'submitted', 'in_transit', 'unknown')
      and c.provider_id = a.provider_id)
"""
_NOTE_CALL = """
update payout_providers set trouble = :trouble, heard_at = :now
where store_id = :store and provider_id = :provider
  and (heard_at is null or heard_at < cast(:now as timestamptz) - interval '1 minute'
    or trouble is distinct from :trouble)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A store's account at a provider, without what is sealed being open."""

    store_id: str
    provider_id: str
    kind: Kind
    hook: str
    place: str
    client_id: str | None
    sealed: bytes | None
    """None once nothing is asked there any more."""
    secret_end: str
    trouble: str | None
    heard_at: datetime | None
    made_at: datetime
    changed_at: datetime
    ended_at: datetime | None


def _account(row: Row) -> Account:
    return Account(**row._asdict() | {"sealed": None if row.sealed is None else bytes(row.sealed)})


async def all_of(tx: Tx, store_id: str) -> Sequence[Account]:
    """All that a store ever set up, oldest first."""
    return [_account(row) for row in await tx.all(_ALL, store=store_id)]


async def one(tx: Tx, store_id: str, provider_id: str) -> Account | None:
    """One by its id, also one that was ended."""
    row = await tx.one_or_none(_ONE, store=store_id, provider=provider_id)
    return None if row is None else _account(row)


async def current(tx: Tx, store_id: str, kind: Kind) -> Account | None:
    """The one of a kind that new payouts go to."""
    row = await tx.one_or_none(_CURRENT, store=store_id, kind=kind)
    return None if row is None else _account(row)


async def store_of(tx: Tx, hook: str) -> str | None:
    """Whose provider reports at an address. Needs no store."""
    found: str | None = await tx.scalar(_WHERE, kind=_KIND, hook=hook)
    return found


async def by_hook(tx: Tx, store_id: str, hook: str) -> Account | None:
    """The one that reports there."""
    row = await tx.one_or_none(_BY_HOOK, store=store_id, hook=hook)
    return None if row is None else _account(row)


async def add(tx: Tx, new: Account) -> None:
    """Writes a new one. The one of its kind before it must have ended."""
    names = "store_id provider_id kind hook place client_id sealed secret_end made_at changed_at".split()
    await tx.execute(_ADD, **{name: getattr(new, name) for name in names})
    await tx.execute(_LIST, kind=_KIND, hook=new.hook, store=new.store_id, id=new.provider_id)


async def give_secret(tx: Tx, store_id: str, provider_id: str, *, sealed: bytes, end: str) -> None:
    """Sets another secret."""
    await tx.execute(_RESECRET, store=store_id, provider=provider_id, sealed=sealed, end=end, now=tx.now)


async def end(tx: Tx, store_id: str, provider_id: str) -> None:
    """Nothing new goes there; what was sent is still asked about."""
    await tx.execute(_END, store=store_id, provider=provider_id, now=tx.now)


async def forget_secrets(tx: Tx, store_id: str, providers: Iterable[str], *, task: str) -> None:
    """Drops the secrets of those that were ended and that nothing is left to be asked of: no payout is on its way
    there, and no task of this kind will look for one that came back.
    """
    await tx.execute(_FORGET, store=store_id, providers=sorted(set(providers)), task=task)


async def note_call(tx: Tx, store_id: str, provider_id: str, trouble: str | None) -> None:
    """Notes how the last call went; of many in a minute that went alike, the first is enough."""
    await tx.execute(_NOTE_CALL, store=store_id, provider=provider_id, trouble=trouble, now=tx.now)
