"""Sets accounts up, finds them for a delivery, and opens what they need."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from services.connectors.accounts import domain, sql
from services.connectors.accounts.domain import Access
from services.connectors.accounts.sql import Account, FormerHook
from services.connectors.platforms.domain.port import NO_OPTIONS, Options
from services.connectors.platforms.domain.registry import PLATFORMS
from services.kernel.auth.opening import MARK, PublicKey
from services.kernel.auth.sealing import Sealing
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound
from services.kernel.ids import new_id


async def create(
    tx: Tx,
    sealing: Sealing,
    store_id: str,
    *,
    platform: str,
    secret: str,
    kind: str = "con",
    order_prefix: str = "",
    options: Options = NO_OPTIONS,
    host: str | None = None,
    access: Access | None = None,
) -> Account:
    """Makes an address for a platform's deliveries."""
    account_id = new_id(kind, at=tx.now)
    account = Account(
        store_id=store_id,
        account_id=account_id,
        platform=platform,
        secret=sealing.seal(domain.SECRET, secret.encode(), owner=account_id),
        created_at=tx.now,
        order_prefix=order_prefix,
        options=options,
        host=host,
    )
    if access is not None:
        account = await _with_access(tx, sealing, account, access)
    await sql.add(tx, account)
    tx.note("hook.made", on=account_id, after={"platform": platform})
    return account


async def change(
    tx: Tx,
    sealing: Sealing,
    store_id: str,
    account_id: str,
    *,
    options: Options | None = None,
    host: str | None = None,
    access: Access | None = None,
) -> Account:
    """Writes what may change. Another host drops what opened the one before: who may name a host must not be sent the
    store's password. Raises `NotFound`.
    """
    before = await get(tx, store_id, account_id, lock=True)
    after = before if options is None else replace(before, options=options)
    if host is not None and host != before.host:
        after = replace(after, host=host, access=None, access_at=None, access_hint=None)
    if access is not None:
        after = await _with_access(tx, sealing, after, access)
    if after != before:
        await sql.change(tx, after)
        tx.note("hook.changed", on=account_id)
    return after


async def rotate(
    tx: Tx, sealing: Sealing, store_id: str, account_id: str, *, secret: str, overlap: timedelta
) -> Account:
    """Gives an address another secret; the one of before holds until the overlap ends. Raises `NotFound`, and `Invalid`
    if it is the one that there is, or cannot be opened to be kept.
    """
    if not timedelta() <= overlap <= domain.LONGEST_OVERLAP:
        raise Invalid.field("overlap_hours", "The former secret may hold on for 0 to 168 hours.")
    before = await get(tx, store_id, account_id, lock=True)
    former, ends_at = None, None
    if overlap:
        try:
            plain = sealing.open(domain.SECRET, before.secret, owner=account_id)
        except ValueError:
            plain = None  # its key has left: nothing that it signed was taken anyway
        if plain == secret.encode():
            raise Invalid.field("secret", "This is the secret that the connection has.")
        if plain is not None:
            former, ends_at = sealing.seal(domain.FORMER, plain, owner=account_id), tx.now + overlap
    after = replace(
        before,
        secret=sealing.seal(domain.SECRET, secret.encode(), owner=account_id),
        former_secret=former,
        former_ends_at=ends_at,
    )
    await sql.change(tx, after)
    tx.note("hook.secret_changed", on=account_id)
    return after


async def delete(tx: Tx, store_id: str, account_id: str) -> None:
    """Ends an address. Raises `NotFound`."""
    if not await sql.end(tx, store_id, account_id):
        raise NotFound("There is no such connection.")
    tx.note("hook.ended", on=account_id)


async def get(tx: Tx, store_id: str, account_id: str, *, lock: bool = False) -> Account:
    """One address of a store. Raises `NotFound`."""
    found = await sql.one(tx, store_id, account_id, lock=lock)
    if found is None:
        raise NotFound("There is no such connection.")
    return found


async def find(tx: Tx, account_id: str) -> Account | None:
    """The address with this id, whosever it is. Makes its store visible to the transaction."""
    owner = await sql.owner(tx, account_id)
    if owner is None:
        return None
    await tx.see([owner])
    return await sql.one(tx, owner, account_id)


def secrets_of(sealing: Sealing, account: Account, now: datetime) -> list[bytes]:
    """The secrets that hold now, the newest first; none if their keys are gone."""
    hidden = [(domain.SECRET, account.secret)]
    if account.former_secret is not None and account.former_ends_at is not None and account.former_ends_at > now:
        hidden.append((domain.FORMER, account.former_secret))
    found = []
    for purpose, sealed in hidden:
        try:
            found.append(sealing.open(purpose, sealed, owner=account.account_id))
        except ValueError as error:
            # Its deliveries get 401 and the platform repeats them: time to put the old key back into the ring.
            structlog.get_logger().error(
                "connection.secret_lost", connection=account.account_id, platform=account.platform, error=str(error)
            )
    return found


def url_of(ctx: Context, account: Account, secret: str = "") -> str:
    """The address that the platform is told; with the secret, where that stands in it."""
    url = f"{ctx.settings.base_url}/in/{account.platform}/{account.account_id}"
    if PLATFORMS[account.platform].key_in_address:
        return f"{url}/{secret or '…'}"
    return url


def access_of(ctx: Context, account: Account) -> Access | None:
    """What opens the platform's API. Raises `ValueError` if its key has left, or is not this process's to have."""
    if account.access is None:
        return None
    return domain.unpacked(ctx.opener().open(domain.ACCESS, account.access, owner=account.account_id))


async def access_now(ctx: Context, account: Account) -> Access | None:
    """As `access_of`, and seals it for workers alone if it is not yet, or with an older key of theirs."""
    access = access_of(ctx, account)
    opening, sealed = ctx.opening, account.access
    if access is None or sealed is None or opening is None or sealed.startswith(opening.newest):
        return access
    plain = domain.packed(access)
    anew = opening.seal(domain.ACCESS, plain, owner=account.account_id)
    async with ctx.db.transaction([account.store_id], patient=True) as tx:
        await sql.renew(tx, account, anew, domain.hint_of(plain))
    return access


def opened_elsewhere(ctx: Context, account: Account) -> bool:
    """Whether what this process cannot open is for workers who have keys, of which it has none: it was started before
    they were.
    """
    return ctx.opening is None and account.access is not None and account.access.startswith(MARK)


def hint_of(ctx: Context, account: Account) -> str | None:
    """What may be shown of what opens the platform's API; None where nothing does, or its sealing key is gone."""
    if account.access is None or account.access_hint is not None:
        return account.access_hint
    try:  # sealed before hints were kept
        plain = ctx.opener().open(domain.ACCESS, account.access, owner=account.account_id)
    except ValueError:
        return None
    return domain.hint_of(plain)


async def seal_for_workers(tx: Tx, sealing: Sealing, purpose: str, plain: bytes, *, owner: str) -> bytes:
    """Seals what workers alone are to open; under the service's own keys where no worker has published one."""
    published = await sql.published(tx)
    key = _public(sealing, *published[0]) if published else None
    return (key or sealing).seal(purpose, plain, owner=owner)


async def publish(ctx: Context) -> None:
    """A worker says what others shall seal with: where its newest key is not known yet, or it could not open what is
    sealed with the one that is.
    """
    if ctx.opening is None:
        return
    sealing, public = ctx.require_sealing(), ctx.opening.public
    async with ctx.db.transaction(patient=True) as tx:
        published = await sql.published(tx)
        if public.kid in dict(published) and published[0][1].startswith(sealing.newest):
            current = _public(sealing, *published[0])
            if current is not None and ctx.opening.has(current):
                return
        await sql.publish(tx, public.kid, sealing.seal(domain.PUBLISHED, public.raw, owner=public.kid))


def _public(sealing: Sealing, kid: str, sealed: bytes) -> PublicKey | None:
    try:
        return PublicKey(kid, sealing.open(domain.PUBLISHED, sealed, owner=kid))
    except ValueError as error:
        structlog.get_logger().error("opening_keys.unreadable", kid=kid, error=str(error))
        return None


async def take_over(tx: Tx, store_id: str, former: Sequence[FormerHook]) -> None:
    """Takes over a store's addresses from where they were made. Nothing is noted: nobody did anything to them."""
    if former:
        await sql.take_over(tx, store_id, former)


async def _with_access(tx: Tx, sealing: Sealing, account: Account, access: Access) -> Account:
    plain = domain.packed(access)
    sealed = await seal_for_workers(tx, sealing, domain.ACCESS, plain, owner=account.account_id)
    return replace(account, access=sealed, access_at=tx.now - tx.offset, access_hint=domain.hint_of(plain))
