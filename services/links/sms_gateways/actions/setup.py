"""Setting a store's gateway up, and what it may spend."""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from services.common.own_addresses import check_url
from services.common.signatures import MARK, key_of
from services.kernel.auth.sealing import Sealing
from services.kernel.auth.sessions import real_time
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound
from services.links.sms_gateways import sql as sql
from services.links.sms_gateways.actions.gateway import Gateway, HttpGateway
from services.links.sms_gateways.sql import Settings, Spent
from services.links.stores import actions as stores

PURPOSE: Final = "sms-gateway"
"""Of the secret at rest."""
OVERLAP: Final = timedelta(days=1)
"""How long the secret before signs, and is believed, beside a new one."""
_LEAST_BYTES: Final = 24
_MOST_BYTES: Final = 64
Reached = Literal["day", "month"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a store wants its messages sent. Without `secret` the one of before holds on."""

    url: str
    secret: str | None
    sender: str
    prefixes: Sequence[str]
    most_a_day: int
    most_a_month: int
    most_codes_a_day: int


async def set_up(tx: Tx, ctx: Context, store_id: str, wanted: Wanted) -> Settings:
    """Keeps a store's gateway, in place of what was set before. Raises `Invalid`."""
    check_url(ctx, wanted.url, example="https://sms.example/kith", holds="holds phone numbers")
    await tx.lock_stores([store_id])
    before = await sql.get(tx, store_id, lock=True)
    sealing = ctx.require_sealing()
    if before is None and not wanted.secret:
        raise Invalid.field("secret", "Give the secret that your gateway verifies signatures with.", code="missing")
    sealed, end = (b"", "") if before is None else (before.sealed_secret, before.secret_end)
    if wanted.secret:
        key = _key(wanted.secret)
        former = None if before is None else _newest(sealing, before)
        if key != former:
            sealed = _seal(sealing, store_id, key, former)
            end = b64encode(key).decode().rstrip("=")[-4:]
    after = Settings(
        store_id=store_id,
        hook=secrets.token_hex(16) if before is None else before.hook,
        url=wanted.url,
        sender=wanted.sender,
        sealed_secret=sealed,
        secret_end=end,
        prefixes=tuple(dict.fromkeys(wanted.prefixes)),
        most_a_day=wanted.most_a_day,
        most_a_month=wanted.most_a_month,
        most_codes_a_day=wanted.most_codes_a_day,
        state="active",
        reason=None,
        created_at=tx.now if before is None else before.created_at,
        changed_at=tx.now,
    )
    if before is None or after != replace(before, changed_at=tx.now):
        await sql.put(tx, after)
        tx.note("sms.set_up" if before is None else "sms.changed", on=store_id)
    return after


async def get(tx: Tx, store_id: str) -> Settings:
    """A store's gateway. Raises `NotFound`."""
    found = await sql.get(tx, store_id)
    if found is None:
        raise NotFound("The store has no SMS gateway.")
    return found


async def drop(tx: Tx, store_id: str) -> None:
    """Forgets a store's gateway. People's proved numbers stay: another one leads to them. Raises `NotFound`."""
    if not await sql.delete(tx, store_id):
        raise NotFound("The store has no SMS gateway.")
    tx.note("sms.ended", on=store_id)


def keys_of(sealing: Sealing, one: Settings) -> list[bytes]:
    """The secrets that sign and are believed, the newest first. Raises `ValueError` where the key to them is gone."""
    newest, *before = sealing.open(PURPOSE, one.sealed_secret, owner=one.store_id).decode().split()
    keys = [b64decode(newest)]
    if before and int(before[1]) > real_time().timestamp():
        keys.append(b64decode(before[0]))
    return keys


def gateway_of(ctx: Context, one: Settings) -> Gateway:
    """Whoever sends for the store. Raises `ValueError` where its secret cannot be opened."""
    return HttpGateway(ctx.outbound, one.url, keys_of(ctx.require_sealing(), one))


def lane_of(store_id: str) -> str:
    """Who would be held up: the messages of one store, since they leave by its own gateway."""
    return f"sms:{store_id}"


async def today(tx: Tx, store_id: str) -> date:
    """The day of the store, by which its messages are counted."""
    return tx.now.astimezone(ZoneInfo((await stores.get(tx, store_id)).timezone)).date()


async def spent(tx: Tx, store_id: str) -> Spent:
    """Segments of the store's day and month."""
    return await sql.spent(tx, store_id, await today(tx, store_id))


def reached(one: Settings, so_far: Spent, more: int = 1) -> Reached | None:
    """Which of its limits a store would exceed by so many segments more."""
    if so_far.today + more > one.most_a_day:
        return "day"
    return "month" if so_far.month + more > one.most_a_month else None


async def is_open(tx: Tx, store_id: str) -> bool:
    """Whether a store sends SMS at this moment."""
    one = await sql.get(tx, store_id)
    return one is not None and one.state == "active" and reached(one, await spent(tx, store_id)) is None


async def reserve(tx: Tx, one: Settings, mail_id: str, segments: int) -> Reached | None:
    """Counts what a message will cost, once, however often it is tried; or says which limit it would exceed. Messages
    of a store wait for each other here, so that two do not both find the last segment.
    """
    await sql.get(tx, one.store_id, lock=True)
    if await sql.is_reserved(tx, one.store_id, mail_id):
        return None
    over = await _spend(tx, one, segments)
    if over is None:
        await sql.reserve(tx, one.store_id, mail_id, segments)
    return over


async def spend(tx: Tx, one: Settings, segments: int) -> Reached | None:
    """The same for what is no message of the log: a try of the gateway."""
    await sql.get(tx, one.store_id, lock=True)
    return await _spend(tx, one, segments)


async def give_back(tx: Tx, store_id: str, mail_id: str) -> None:
    """What a message was to cost which is not sent."""
    await sql.give_back(tx, store_id, mail_id, await today(tx, store_id))


async def _spend(tx: Tx, one: Settings, segments: int) -> Reached | None:
    day = await today(tx, one.store_id)
    over = reached(one, await sql.spent(tx, one.store_id, day), segments)
    if over is None:
        await sql.spend(tx, one.store_id, day, segments)
    return over


def _key(secret: str) -> bytes:
    try:
        key = key_of(secret.strip())
    except ValueError:
        key = b""
    if not secret.strip().startswith(MARK) or not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise Invalid.field("secret", "A secret is whsec_ and the base64 of 24 to 64 random bytes.")
    return key


def _newest(sealing: Sealing, one: Settings) -> bytes | None:
    try:
        return keys_of(sealing, one)[0]
    except ValueError:  # the key that sealed it is gone: so is the secret
        return None


def _seal(sealing: Sealing, store_id: str, key: bytes, former: bytes | None) -> bytes:
    parts = [b64encode(key).decode()]
    if former is not None:
        parts += [b64encode(former).decode(), str(int(real_time(OVERLAP).timestamp()))]
    return sealing.seal(PURPOSE, " ".join(parts).encode(), owner=store_id)
