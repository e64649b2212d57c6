"""Endpoints and their secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.connectors.endpoints.domain.tries import Off
from services.kernel.db import Tx

_COLUMNS = "store_id, endpoint_id, url, events, off, off_at, failing_since, streak, created_at"
_ADD = """
insert into endpoints (store_id, endpoint_id, url, events, created_at) values (:store, :endpoint, :url, :events, :now)
"""
_ALL = f"""
select {_COLUMNS} from endpoints where store_id = :store order by created_at, endpoint_id
"""  # noqa: S608
_ONE = f"""
select {_COLUMNS} from endpoints where store_id = :store and endpoint_id = :endpoint
"""  # noqa: S608
_LOCKED = _ONE + "for update"
_OF_STORES = f"""
select {_COLUMNS} from endpoints where store_id = any(cast(:stores as text[]))
order by store_id, endpoint_id
"""  # noqa: S608
# What another address did says nothing of this one.
_CHANGE = """
update endpoints set url = :url, events = :events, failing_since = case when url = :url then failing_since end,
    streak = case when url = :url then streak else 0 end
where store_id = :store and endpoint_id = :endpoint
"""
_TURN_OFF = """
update endpoints set off = :off, off_at = :now
where store_id = :store and endpoint_id = :endpoint and off is null
"""
_TURN_ON = """
update endpoints set off = null, off_at = null, failing_since = null, streak = 0
where store_id = :store and endpoint_id = :endpoint and off is not null
"""
_END = "delete from endpoints where store_id = :store and endpoint_id = :endpoint"
_URL = "select url from endpoints where store_id = :store and endpoint_id = :endpoint"
_ANSWERED = """
update endpoints set failing_since = null, streak = 0
where store_id = :store and endpoint_id = :endpoint and (streak > 0 or failing_since is not null)
"""
_FAILED = """
update endpoints set failing_since = coalesce(failing_since, :now),
    streak = case when cast(:away as boolean) then streak + 1 else 0 end
where store_id = :store and endpoint_id = :endpoint returning streak, failing_since
"""
_NEW = """
insert into endpoint_secrets (store_id, secret_id, endpoint_id, secret, created_at)
values (:store, :secret_id, :endpoint, :secret, :now)
"""
_ENDS = """
update endpoint_secrets set ends_at = :ends_at
where store_id = :store and endpoint_id = :endpoint and ends_at is null
"""
_DROP_SECRETS = """
delete from endpoint_secrets
where store_id = :store and endpoint_id = :endpoint and (cast(:all as boolean) or ends_at is not null)
"""
_SECRETS = """
select secret_id, secret, ends_at from endpoint_secrets
where store_id = :store and endpoint_id = :endpoint and (ends_at is null or ends_at > :now)
order by ends_at desc nulls first, created_at desc
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that a store wants to be notified at."""

    store_id: str
    endpoint_id: str
    url: str
    events: list[str]
    off: Off | None
    off_at: datetime | None
    failing_since: datetime | None
    streak: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Secret:
    """One of an endpoint's secrets, sealed."""

    secret_id: str
    secret: bytes
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint stands after a failure."""

    streak: int
    failing_since: datetime


async def add(tx: Tx, store_id: str, endpoint_id: str, *, url: str, events: Sequence[str]) -> None:
    """Makes an endpoint."""
    await tx.execute(_ADD, store=store_id, endpoint=endpoint_id, url=url, events=list(events), now=tx.now)


async def page(tx: Tx, store_id: str) -> list[Endpoint]:
    """A store's endpoints, the oldest first."""
    return [Endpoint(*tuple(row)) for row in await tx.all(_ALL, store=store_id)]


async def one(tx: Tx, store_id: str, endpoint_id: str, *, lock: bool = False) -> Endpoint | None:
    """One endpoint of a store; with `lock`, nobody else changes it before the transaction's end."""
    row = await tx.one_or_none(_LOCKED if lock else _ONE, store=store_id, endpoint=endpoint_id)
    return Endpoint(*tuple(row)) if row else None


async def of_stores(tx: Tx, stores: Sequence[str]) -> list[Endpoint]:
    """The endpoints of these stores."""
    return [Endpoint(*tuple(row)) for row in await tx.all(_OF_STORES, stores=list(stores))]


async def change(tx: Tx, endpoint: Endpoint) -> None:
    """Writes its address and what it is sent. At another address it stands as if it had never failed."""
    await tx.execute(
        _CHANGE, store=endpoint.store_id, endpoint=endpoint.endpoint_id, url=endpoint.url, events=endpoint.events
    )


async def turn_off(tx: Tx, store_id: str, endpoint_id: str, off: Off) -> bool:
    """Calls it no more; False if it was off."""
    return await tx.execute(_TURN_OFF, store=store_id, endpoint=endpoint_id, off=off, now=tx.now) == 1


async def turn_on(tx: Tx, store_id: str, endpoint_id: str) -> bool:
    """Calls it again, as if it had never failed; False if it was on."""
    return await tx.execute(_TURN_ON, store=store_id, endpoint=endpoint_id) == 1


async def end(tx: Tx, store_id: str, endpoint_id: str) -> bool:
    """Deletes an endpoint with its secrets; False if there is none such."""
    if await tx.execute(_END, store=store_id, endpoint=endpoint_id) == 0:
        return False
    await tx.execute(_DROP_SECRETS, store=store_id, endpoint=endpoint_id, all=True)
    return True


async def url(tx: Tx, store_id: str, endpoint_id: str) -> str | None:
    """Where it is now; None where it was deleted."""
    found: str | None = await tx.scalar(_URL, store=store_id, endpoint=endpoint_id)
    return found


async def answered(tx: Tx, store_id: str, endpoint_id: str) -> None:
    """Notes that it took something. Costs a look where it never failed."""
    await tx.execute(_ANSWERED, store=store_id, endpoint=endpoint_id)


async def failed(tx: Tx, store_id: str, endpoint_id: str, *, away: bool) -> Health | None:
    """Notes that it took nothing; returns how it stands, None where it was deleted."""
    row = await tx.one_or_none(_FAILED, store=store_id, endpoint=endpoint_id, away=away, now=tx.now)
    return Health(row.streak, row.failing_since) if row else None


async def add_secret(tx: Tx, store_id: str, endpoint_id: str, *, secret_id: str, secret: bytes) -> None:
    """Gives an endpoint a secret that has no end."""
    await tx.execute(_NEW, store=store_id, endpoint=endpoint_id, secret_id=secret_id, secret=secret, now=tx.now)


async def end_secret(tx: Tx, store_id: str, endpoint_id: str, *, at: datetime) -> None:
    """Lets the newest of an endpoint's secrets end at a moment, and drops those before it."""
    await tx.execute(_DROP_SECRETS, store=store_id, endpoint=endpoint_id, all=at <= tx.now)
    await tx.execute(_ENDS, store=store_id, endpoint=endpoint_id, ends_at=at)


async def secrets(tx: Tx, store_id: str, endpoint_id: str) -> list[Secret]:
    """The secrets that hold now, the newest first."""
    rows = await tx.all(_SECRETS, store=store_id, endpoint=endpoint_id, now=tx.now)
    return [Secret(*tuple(row)) for row in rows]
