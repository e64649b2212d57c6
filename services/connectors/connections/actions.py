"""Makes connections and changes them, by the rules of their platforms."""

import os
import re
from base64 import b64encode
from datetime import timedelta
from typing import Final, Literal, TypeAlias

from services.common import money
from services.connectors.accounts import actions as accounts
from services.connectors.accounts import sql
from services.connectors.accounts.domain import Access
from services.connectors.accounts.sql import Account
from services.connectors.history import actions as history
from services.connectors.history import sql as histories
from services.connectors.inbox.domain.questions import READ_BACK
from services.connectors.platforms.domain.port import Options, Platform
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.polls import actions as polls
from services.connectors.store_codes.actions import carry
from services.connectors.store_codes.domain.port import APPLY_CODES, CARRY_CODES
from services.kernel.auth.sealing import Sealing
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid
from services.kernel.ids import new_id
from services.kernel.work import NewTask, add_tasks, release

MOST: Final = 20
"""Connections of a store."""
SECRET_BYTES: Final = 32
APP_CALL: Final = "app-call"
"""The task that works out what an app's installation or removal means; and the purpose that its token is sealed for."""
AppCall: TypeAlias = Literal["installed", "removed"]


async def create(
    tx: Tx,
    ctx: Context,
    store_id: str,
    *,
    platform: str,
    secret: str | None,
    order_prefix: str | None,
    options: Options,
    host: str | None,
    access: Access | None,
) -> Account:
    """Makes a connection. Raises `Invalid` and `Conflict`."""
    about = PLATFORMS[platform]
    given = {"host": host, "access": access, "currency": options.currency}
    for name in about.needs:
        if not given.get(name):
            raise Invalid.field(_place(name), f"A connection with {about.title} needs this.")
    _check(ctx, about, options, host, access)
    # The store's lock, so that two at once are not both the first.
    await tx.lock_stores([store_id])
    others = await sql.page(tx, store_id)
    if len(others) >= MOST:
        raise Conflict(f"A store has {MOST} connections at most. Delete one first.", code="too_many_connections")
    account = await accounts.create(
        tx,
        ctx.require_sealing(),
        store_id,
        platform=platform,
        secret=secret_for(about, secret),
        order_prefix=_prefix(order_prefix, others=await sql.ever_any(tx, store_id)),
        options=options,
        host=host.lower() if host else None,
        access=access,
    )
    await polls.opened(tx, account)
    await history.opened(tx, account)
    return account


async def create_first(tx: Tx, ctx: Context, store_id: str, *, platform: str, secret: str) -> Account:
    """Makes the only connection of a store, as it was done before there were others. Raises `Conflict` where there is
    another, or was one: the orders of two must not have the same ids, and nothing here tells them apart.
    """
    await tx.lock_stores([store_id])
    if await sql.ever_any(tx, store_id):
        raise Conflict(
            "The store has a connection already, or had one. Make this one by POST /v1/connections, with an"
            " order_prefix that tells its orders from the others'.",
            code="not_the_first",
        )
    return await accounts.create(tx, ctx.require_sealing(), store_id, platform=platform, secret=secret, kind="hok")


async def change(
    tx: Tx,
    ctx: Context,
    store_id: str,
    connection_id: str,
    *,
    options: Options | None = None,
    host: str | None = None,
    access: Access | None = None,
    codes: bool | None = None,
    applies_discounts: bool | None = None,
) -> Account:
    """Writes what may change. `codes`: whether it puts the store's codes into its shop; `applies_discounts`: whether
    links lead there by an address that applies the code. Raises `NotFound` and `Invalid`.
    """
    # The store before its poll, as the job that begins rounds takes them.
    await tx.lock_stores([store_id])
    account = await accounts.get(tx, store_id, connection_id)
    about = PLATFORMS[account.platform]
    _check(ctx, about, options or account.options, host, access)
    if options is not None and "currency" in about.needs and options.currency is None:
        raise Invalid.field("options.currency", f"A connection with {about.title} needs this.")
    if codes and account.platform not in CARRY_CODES:
        raise Invalid.field("codes", f"Kith cannot put codes into {about.title}.")
    if applies_discounts and account.platform not in APPLY_CODES:
        raise Invalid.field("applies_discounts", f"No address of {about.title} applies a code by itself.")
    if access is not None:
        await release(tx, kind=READ_BACK, lane=connection_id)
    after = await accounts.change(
        tx,
        ctx.require_sealing(),
        store_id,
        connection_id,
        options=options,
        host=host.lower() if host else None,
        access=access,
    )
    if after.host != account.host:
        await polls.moved(tx, after)
    if access is not None:
        await polls.opened(tx, after)
        await history.opened(tx, after)
    if after.host != account.host:
        await carry.move(tx, store_id, connection_id)
    elif access is not None and about.api is not None and about.api.host is None:
        await carry.doubt(tx, store_id, connection_id)  # one host serves all accounts: the key may be another's
    elif access is not None:
        await carry.go_on(tx, store_id, connection_id)
    if codes is not None:
        await carry.turn(tx, after, on=codes)
    if applies_discounts is not None:
        await carry.switch(tx, after, applies=applies_discounts)
    return after


async def delete(tx: Tx, store_id: str, connection_id: str) -> None:
    """Ends a connection. Codes that it put into its shop stay there. Raises `NotFound`."""
    account = await accounts.get(tx, store_id, connection_id)
    await carry.end(tx, account)
    await polls.closed(tx, account)
    await histories.drop(tx, store_id, connection_id)
    await accounts.delete(tx, store_id, connection_id)


async def rotate(
    tx: Tx, ctx: Context, store_id: str, connection_id: str, *, secret: str | None, overlap: timedelta
) -> Account:
    """Gives a connection another secret; the one of before holds until the overlap ends. Raises `NotFound` and
    `Invalid`.
    """
    account = await accounts.get(tx, store_id, connection_id)
    text = secret_for(PLATFORMS[account.platform], secret)
    return await accounts.rotate(tx, ctx.require_sealing(), store_id, connection_id, secret=text, overlap=overlap)


async def note_app_call(tx: Tx, sealing: Sealing, account: Account, what: AppCall, token: str) -> None:
    """Keeps what a platform told of an app until a worker takes it, one after the other of each connection."""
    sealed = await accounts.seal_for_workers(tx, sealing, APP_CALL, token.encode(), owner=account.account_id)
    task = NewTask(
        kind=APP_CALL,
        store_id=account.store_id,
        lane=account.account_id,
        key=new_id("app", at=tx.now),
        payload={"connection": account.account_id, "what": what, "token": b64encode(sealed).decode()},
    )
    await add_tasks(tx, [task])


async def take_app_call(tx: Tx, ctx: Context, store_id: str, connection_id: str, access: Access) -> None:
    """Writes what a call of an app changed of the access, and goes on with what waited for it."""
    changed = await accounts.change(tx, ctx.require_sealing(), store_id, connection_id, access=access)
    if access.password is not None:
        await polls.opened(tx, changed)
        await history.opened(tx, changed)
        await release(tx, kind=READ_BACK, lane=connection_id)


def secret_for(about: Platform, given: str | None) -> str:
    """The secret that a store gives, or one that is made. Raises `Invalid`."""
    if given is not None:
        if (problem := about.check_secret(given)) is not None:
            raise Invalid.field("secret", problem)
        return given
    if about.secret_of is None:
        raise Invalid.field("secret", f"Give the secret that {about.title} signs with.", code="missing")
    return about.secret_of(os.urandom(SECRET_BYTES))


def _prefix(given: str | None, *, others: bool) -> str:
    """Orders of a connection that has ended go on under their ids, so that it counts, too."""
    if given is None and others:
        raise Invalid.field(
            "order_prefix",
            "The store has a connection already, or had one. Give a short text that stands before the ids of this "
            "connection's orders, "
            'as in b-; or "" if it tells of the same orders by the same ids.',
            code="missing",
        )
    return given or ""


def _check(ctx: Context, about: Platform, options: Options, host: str | None, access: Access | None) -> None:
    for name, value in (("currency", options.currency), ("paid_on_arrival", options.paid_on_arrival)):
        if value and name not in about.options:
            raise Invalid.field(f"options.{name}", f"{about.title} tells this itself.")
    if options.currency is not None and not money.known(options.currency):
        raise Invalid.field("options.currency", f"{options.currency} is not an ISO 4217 currency code.")
    api = about.api
    if host is not None:
        if api is None or api.host is None:
            raise Invalid.field("host", f"Kith asks {about.title} nothing at a host of the shop's own.")
        if re.fullmatch(api.hosts, host.lower()) is None or ctx.outbound.refusal(f"https://{host}/") is not None:
            raise Invalid.field("host", f"Give the shop's public host, as in {api.host}.")
    if access is not None:
        if api is None:
            raise Invalid.field("access", f"Kith asks {about.title} nothing.")
        if (access.user is None) != (api.user is None):
            hint = "is one text: give it as password" if api.user is None else "has two parts: give user and password"
            raise Invalid.field("access.user", f"What opens {about.title}'s API {hint}.")
        if api.user is None and re.fullmatch(r"[!-~]+", access.password or "") is None:
            raise Invalid.field(
                "access.password", f"What opens {about.title}'s API has no blanks and no signs but ASCII."
            )
        if access.app_secret is not None and not about.installed:
            raise Invalid.field("access.app_secret", f"{about.title} has no apps that learn their password.")


def _place(name: str) -> str:
    return name if name in {"host", "access"} else f"options.{name}"
