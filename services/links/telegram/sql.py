"""Rows of bots and of tokens to connect."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.kernel.db import Row, Tx

KIND = "telegram"
_FIELDS = "store_id, bot_id, hook, username, sealed_token, state, reason, created_at"
_PUT = """
insert into telegram_bots (store_id, bot_id, hook, sealed_token, state, created_at)
values (:store_id, :bot_id, :hook, :sealed_token, 'checking', :now)
on conflict (store_id) do update set bot_id = excluded.bot_id, hook = excluded.hook, username = null,
  sealed_token = excluded.sealed_token, state = 'checking', reason = null, created_at = excluded.created_at
"""
_GET = f"select {_FIELDS} from telegram_bots where store_id = :store_id"  # noqa: S608  # our own words
_STATE = """
update telegram_bots set state = :state, reason = :reason, username = coalesce(cast(:username as text), username)
where store_id = :store_id and hook = :hook
"""
_DELETE = "delete from telegram_bots where store_id = :store_id"
_LIST = "insert into directory (kind, key, store_id, id) values (:kind, :hook, :store_id, :hook)"
_UNLIST = "delete from directory where kind = :kind and store_id = :store_id"
_WHERE = "select store_id from directory where kind = :kind and key = :hook"
_START = """
with over as (delete from telegram_starts where store_id = :store_id
  and (ambassador_id = :ambassador_id or expires_at < now()))
insert into telegram_starts (store_id, token_hash, ambassador_id, expires_at)
values (:store_id, :token_hash, :ambassador_id, :expires_at)
"""
_USE = """
delete from telegram_starts where store_id = :store_id and token_hash = :token_hash and expires_at > now()
returning ambassador_id
"""

State = Literal["checking", "active", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A store's bot. `hook` is the name under which Telegram delivers; `bot_id` Telegram's own number of it."""

    store_id: str
    bot_id: str
    hook: str
    username: str | None
    sealed_token: bytes
    state: State
    reason: str | None
    created_at: datetime


def _bot(row: Row) -> Bot:
    return Bot(**{**row._asdict(), "sealed_token": bytes(row.sealed_token)})


async def put(tx: Tx, store_id: str, *, bot_id: str, hook: str, sealed_token: bytes) -> None:
    """Keeps a store's bot, which is yet to be looked at."""
    await tx.execute(_PUT, store_id=store_id, bot_id=bot_id, hook=hook, sealed_token=sealed_token, now=tx.now)
    await tx.execute(_UNLIST, kind=KIND, store_id=store_id)
    await tx.execute(_LIST, kind=KIND, hook=hook, store_id=store_id)


async def get(tx: Tx, store_id: str) -> Bot | None:
    """A store's bot."""
    row = await tx.one_or_none(_GET, store_id=store_id)
    return _bot(row) if row else None


async def set_state(tx: Tx, bot: Bot, state: State, *, reason: str | None = None, username: str | None = None) -> None:
    """Notes how Telegram knows the bot; nothing for one that was replaced meanwhile."""
    await tx.execute(_STATE, store_id=bot.store_id, hook=bot.hook, state=state, reason=reason, username=username)


async def delete(tx: Tx, store_id: str) -> bool:
    """Forgets a store's bot; False if it had none."""
    await tx.execute(_UNLIST, kind=KIND, store_id=store_id)
    return await tx.execute(_DELETE, store_id=store_id) > 0


async def store_of(tx: Tx, hook: str) -> str | None:
    """Whose bot delivers under this name."""
    found = await tx.scalar(_WHERE, kind=KIND, hook=hook)
    return None if found is None else str(found)


async def add_start(tx: Tx, store_id: str, *, token_hash: str, ambassador_id: str, expires_at: datetime) -> None:
    """Keeps a token by which an ambassador connects, in place of any earlier one."""
    await tx.execute(
        _START, store_id=store_id, token_hash=token_hash, ambassador_id=ambassador_id, expires_at=expires_at
    )


async def use_start(tx: Tx, store_id: str, token_hash: str) -> str | None:
    """Uses a token up; the ambassador whom it connects, or None."""
    found = await tx.scalar(_USE, store_id=store_id, token_hash=token_hash)
    return None if found is None else str(found)
