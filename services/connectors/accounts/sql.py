"""Reads and writes accounts."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

import orjson

from services.connectors.platforms.domain.port import NO_OPTIONS, Options
from services.kernel.db import Tx
from services.kernel.revisions import Ref

KIND = "hook"

_FIELDS = (
    "store_id, hook_id, platform, secret, created_at, former_secret, former_ends_at, order_prefix, options::text, host,"
    " access, access_at, access_hint"
)
_ADD = """
insert into hooks (store_id, hook_id, platform, secret, created_at, order_prefix, options, host, access,
                   access_at, access_hint)
values (:store, :hook, :platform, :secret, :now, :prefix, cast(:options as jsonb), :host, :access, :access_at, :hint)
"""
_CHANGE = """
update hooks set secret = :secret, former_secret = :former, former_ends_at = :ends_at, host = :host, access = :access,
    access_at = :access_at, access_hint = :hint, options = cast(:options as jsonb)
where store_id = :store and hook_id = :hook and deleted_at is null
"""
# What was moved before keeps its end, and gets one that came where it was.
_TAKE_OVER = """
insert into hooks (store_id, hook_id, platform, secret, created_at, deleted_at)
select :store, * from unnest(cast(:ids as text[]), cast(:platforms as text[]), cast(:secrets as bytea[]),
                             cast(:created as timestamptz[]), cast(:deleted as timestamptz[]))
order by 2 on conflict (store_id, hook_id) do update set deleted_at = excluded.deleted_at
where hooks.deleted_at is null and excluded.deleted_at is not null
"""
_LIST_AGAIN = """
insert into directory (kind, key, store_id, id)
select :kind, hook_id, store_id, hook_id from hooks
where store_id = :store and hook_id = any(cast(:ids as text[])) and deleted_at is null order by hook_id
on conflict do nothing
"""
_UNLIST_ENDED = """
delete from directory d using hooks h where d.kind = :kind and d.key = h.hook_id and d.store_id = h.store_id
  and h.store_id = :store and h.hook_id = any(cast(:ids as text[])) and h.deleted_at is not null
"""
_STORE_LISTED = """
insert into directory (kind, key, store_id, id) values ('store', :store, :store, :store) on conflict do nothing
"""
_LISTED = "insert into directory (kind, key, store_id, id) values (:kind, :hook, :store, :hook)"
_UNLISTED = "delete from directory where kind = :kind and key = :hook and store_id = :store"
_ALL = f"""
select {_FIELDS} from hooks where store_id = :store and deleted_at is null order by created_at, hook_id
"""  # noqa: S608  # names of columns
_ONE = f"""
select {_FIELDS} from hooks where store_id = :store and hook_id = :hook and deleted_at is null
"""  # noqa: S608
_LOCKED = _ONE + "for update"
# What came to an address before it ended is read all the same.
_READ_BY = f"""
select {_FIELDS} from hooks
where store_id = any(cast(:stores as text[])) and hook_id = any(cast(:ids as text[]))
"""  # noqa: S608
# The secret that is kept signs nothing any more. What opens the shop's API would open it still.
_END = """
update hooks set deleted_at = :now, access = null, access_at = null, access_hint = null,
    former_secret = null, former_ends_at = null
where store_id = :store and hook_id = :hook and deleted_at is null
"""
_DROP_ACCESS = """
update hooks set access = null, access_at = null, access_hint = null
where store_id = :store and hook_id = :hook and deleted_at is null and (access_at is null or access_at <= :before)
"""
# Nobody else's change is undone: what was opened is sealed anew only where it is still what stands there.
_RENEW = """
update hooks set access = :access, access_hint = :hint
where store_id = :store and hook_id = :hook and access = :before and deleted_at is null
"""
_PUBLISHED = "select kid, sealed from opening_keys order by published_at desc, kid"
_PUBLISH = """
insert into opening_keys (kid, sealed, published_at) values (:kid, :sealed, :now)
on conflict (kid) do update set sealed = excluded.sealed, published_at = excluded.published_at
"""
_EVER_ANY = "select exists (select from hooks where store_id = :store)"
_OWNER = "select store_id from directory where kind = :kind and key = :hook"


@dataclass(frozen=True, slots=True)
class Account:
    """An address that a platform delivers to. What opens anything is sealed (see accounts.domain)."""

    store_id: str
    account_id: str
    platform: str
    secret: bytes
    created_at: datetime
    former_secret: bytes | None = None
    former_ends_at: datetime | None = None
    order_prefix: str = ""
    options: Options = NO_OPTIONS
    host: str | None = None
    access: bytes | None = None
    access_at: datetime | None = None
    """When it was given, by the real clock."""
    access_hint: str | None = None
    """What may be shown of it; None where it holds no password, or was sealed before there were hints."""

    @property
    def ref(self) -> Ref:
        """What it is called."""
        return self.store_id, self.account_id


@dataclass(frozen=True, slots=True)
class FormerHook:
    """An address that was made before this service was, sealed anew. It may have ended."""

    store_id: str
    hook_id: str
    platform: str
    secret: bytes
    created_at: datetime
    deleted_at: datetime | None


_OPTIONS: Final = [one.name for one in fields(Account)].index("options")


async def add(tx: Tx, account: Account) -> None:
    """Makes an address."""
    await tx.execute(
        _ADD,
        store=account.store_id,
        hook=account.account_id,
        platform=account.platform,
        secret=account.secret,
        now=account.created_at,
        prefix=account.order_prefix,
        options=_written(account.options),
        host=account.host,
        access=account.access,
        access_at=account.access_at,
        hint=account.access_hint,
    )
    await tx.execute(_LISTED, kind=KIND, hook=account.account_id, store=account.store_id)


async def change(tx: Tx, account: Account) -> None:
    """Writes what may change of an address."""
    await tx.execute(
        _CHANGE,
        store=account.store_id,
        hook=account.account_id,
        secret=account.secret,
        former=account.former_secret,
        ends_at=account.former_ends_at,
        host=account.host,
        access=account.access,
        access_at=account.access_at,
        hint=account.access_hint,
        options=_written(account.options),
    )


async def page(tx: Tx, store_id: str) -> list[Account]:
    """A store's addresses, the oldest first."""
    return [_account(row) for row in await tx.all(_ALL, store=store_id)]


async def one(tx: Tx, store_id: str, account_id: str, *, lock: bool = False) -> Account | None:
    """One address of a store; with `lock`, nobody else changes it before the transaction's end."""
    row = await tx.one_or_none(_LOCKED if lock else _ONE, store=store_id, hook=account_id)
    return _account(row) if row else None


async def read_by(tx: Tx, refs: Collection[Ref]) -> dict[Ref, Account]:
    """The addresses that deliveries came to, those that have ended as well."""
    rows = await tx.all(_READ_BY, stores=sorted({ref[0] for ref in refs}), ids=sorted({ref[1] for ref in refs}))
    return {account.ref: account for account in map(_account, rows)}


async def ever_any(tx: Tx, store_id: str) -> bool:
    """Whether a store has or had an address."""
    return bool(await tx.scalar(_EVER_ANY, store=store_id))


async def end(tx: Tx, store_id: str, account_id: str) -> bool:
    """Takes no more deliveries at this address; False if there is none such."""
    found = await tx.execute(_END, now=tx.now, store=store_id, hook=account_id) > 0
    if found:
        await tx.execute(_UNLISTED, kind=KIND, hook=account_id, store=store_id)
    return found


async def drop_access(tx: Tx, account: Account, *, before: datetime) -> None:
    """Forgets what opened the platform's API, unless it was given after this moment of the real clock."""
    await tx.execute(_DROP_ACCESS, store=account.store_id, hook=account.account_id, before=before)


async def renew(tx: Tx, account: Account, sealed: bytes, hint: str | None) -> None:
    """Writes what opens the platform's API sealed anew, unless it was changed meanwhile."""
    await tx.execute(
        _RENEW, store=account.store_id, hook=account.account_id, access=sealed, hint=hint, before=account.access
    )


async def published(tx: Tx) -> list[tuple[str, bytes]]:
    """Names of the keys that workers published, and the keys, sealed; the last first."""
    return [(row.kid, row.sealed) for row in await tx.all(_PUBLISHED)]


async def publish(tx: Tx, kid: str, sealed: bytes) -> None:
    """From now on this is the key to seal with."""
    await tx.execute(_PUBLISH, kid=kid, sealed=sealed, now=tx.now - tx.offset)


async def owner(tx: Tx, account_id: str) -> str | None:
    """Whose address this is."""
    found: str | None = await tx.scalar(_OWNER, kind=KIND, hook=account_id)
    return found


async def take_over(tx: Tx, store_id: str, former: Sequence[FormerHook]) -> None:
    """Keeps a store's addresses of before; what is here already stays, but for an end that it lacks."""
    ids = [one.hook_id for one in former]
    await tx.execute(
        _TAKE_OVER,
        store=store_id,
        ids=ids,
        platforms=[one.platform for one in former],
        secrets=[one.secret for one in former],
        created=[one.created_at for one in former],
        deleted=[one.deleted_at for one in former],
    )
    await tx.execute(_LIST_AGAIN, kind=KIND, store=store_id, ids=ids)
    await tx.execute(_UNLIST_ENDED, kind=KIND, store=store_id, ids=ids)
    await tx.execute(_STORE_LISTED, store=store_id)


def _account(row: Any) -> Account:
    values = list(row)
    values[_OPTIONS] = Options(**orjson.loads(values[_OPTIONS]))
    return Account(*values)


def _written(options: Options) -> str:
    given = {name: value for name, value in asdict(options).items() if value}
    return orjson.dumps(given).decode()
