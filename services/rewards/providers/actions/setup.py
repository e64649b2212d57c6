"""Setting providers up, changing their secrets, ending them; and opening the way to one."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, get_args

import orjson

from services.common.own_addresses import check_url
from services.common.signatures import MARK, as_text, key_of
from services.kernel.auth.sealing import Sealing
from services.kernel.auth.sessions import real_time
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.kernel.work import release
from services.rewards.providers import sql
from services.rewards.providers.actions.http import HttpProvider
from services.rewards.providers.actions.paypal import PayPal
from services.rewards.providers.actions.port import Port
from services.rewards.providers.domain.port import Kind
from services.rewards.providers.sql import Account
from services.rewards.settings import RewardsSettings

SEALED: Final = "payout-provider"
"""Purpose of a provider's secret at rest; its owner is the provider's id."""
TASK: Final = "payout"
"""The kind of task that calls providers; a lane is a provider's id."""
OVERLAP: Final = timedelta(days=1)
"""How long an endpoint's former secret signs, and is believed, beside a new one."""
_LEAST_BYTES: Final = 24
_MOST_BYTES: Final = 64

Mode = Literal["live", "sandbox"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)
_CLIENT: Final = re.compile(r"[A-Za-z0-9_-]{10,120}")
_PAYPAL_SECRET: Final = re.compile(r"[\x21-\x7e]{10,200}")


class ProviderNotSet(Conflict):
    """The store has not set up such a provider."""

    code = "provider_not_set"

    def __init__(self, kind: Kind) -> None:
        super().__init__(f"Set {kind} up first: PUT /v1/payout-providers/{kind}.")


class SecretLost(Conflict):
    """A provider's secret cannot be opened."""

    code = "secret_lost"

    def __init__(self) -> None:
        super().__init__("The provider's secret cannot be opened any more: give it anew.")


@dataclass(frozen=True, slots=True)
class _Secret:
    """A provider's secret, and the one before with the second until which that holds too."""

    value: str
    former: str | None = None
    until: int = 0


async def set_http(tx: Tx, ctx: Context, store_id: str, *, url: str, secret: str | None) -> tuple[Account, str | None]:
    """Has payouts sent to a store's own endpoint; the account, and the secret if it was made just now: it is shown
    once. Without a secret that of before stays, or one is made. At another address it is another account. Raises
    `Invalid`.
    """
    check_url(ctx, url, example="https://pay.example/kith", holds="says where people's money goes")
    given = None if secret is None else as_text(_key(secret))
    await tx.lock_stores([store_id])
    before = await sql.current(tx, store_id, "http")
    made = None
    if before is not None and before.place == url:
        return await _with_secret(tx, ctx.require_sealing(), before, given, overlap=OVERLAP), None
    if given is None:
        given = made = as_text(secrets.token_bytes(32))
    account = await _account(tx, ctx.require_sealing(), store_id, "http", place=url, client_id=None, secret=given)
    return account, made


async def rotate_http(tx: Tx, ctx: Context, store_id: str) -> tuple[Account, str]:
    """Makes the endpoint's next secret; the one of before signs beside it for a day. Raises `ProviderNotSet`."""
    await tx.lock_stores([store_id])
    before = await need(tx, store_id, "http")
    made = as_text(secrets.token_bytes(32))
    return await _with_secret(tx, ctx.require_sealing(), before, made, overlap=OVERLAP), made


async def set_paypal(tx: Tx, ctx: Context, store_id: str, *, client_id: str, secret: str | None, mode: Mode) -> Account:
    """Has payouts sent by an app of the store's PayPal account. Without a secret that of before stays. Another app, or
    the sandbox, is another account. Raises `Invalid`.
    """
    if not _CLIENT.fullmatch(client_id):
        raise Invalid.field("client_id", "Give the app's client id, as PayPal's developer page shows it.")
    if secret is not None and not _PAYPAL_SECRET.fullmatch(secret):
        raise Invalid.field("client_secret", "Give the app's secret, as PayPal's developer page shows it.")
    await tx.lock_stores([store_id])
    before = await sql.current(tx, store_id, "paypal")
    if before is not None and (before.place, before.client_id) == (mode, client_id):
        return await _with_secret(tx, ctx.require_sealing(), before, secret, overlap=None)
    if secret is None:
        raise Invalid.field("client_secret", "Give the app's secret.", code="missing")
    return await _account(tx, ctx.require_sealing(), store_id, "paypal", place=mode, client_id=client_id, secret=secret)


async def drop(tx: Tx, store_id: str, kind: Kind) -> None:
    """Ends a provider: nothing new goes there. What was sent is still asked about, and so long its secret stays,
    sealed. Raises `ProviderNotSet`.
    """
    await tx.lock_stores([store_id])
    account = await need(tx, store_id, kind)
    await sql.end(tx, store_id, account.provider_id)
    await forget_secrets(tx, store_id, [account.provider_id])
    tx.note("provider.ended", on=account.provider_id, after={"kind": kind})


async def forget_secrets(tx: Tx, store_id: str, providers: Iterable[str]) -> None:
    """Drops the secrets of those that were ended, once nothing is left to be asked there."""
    await sql.forget_secrets(tx, store_id, providers, task=TASK)


async def need(tx: Tx, store_id: str, kind: Kind) -> Account:
    """The provider of a kind. Raises `ProviderNotSet`."""
    found = await sql.current(tx, store_id, kind)
    if found is None:
        raise ProviderNotSet(kind)
    return found


async def get(tx: Tx, store_id: str, provider_id: str) -> Account:
    """A provider by its id, also one that was ended. Raises `NotFound`."""
    found = await sql.one(tx, store_id, provider_id)
    if found is None:
        raise NotFound("There is no such provider.")
    return found


async def try_out(ctx: Context, tx: Tx, store_id: str, kind: Kind) -> tuple[Account, Port]:
    """The way to a provider whose credentials somebody wants to try; the call itself comes after the transaction.
    Raises `ProviderNotSet`, `SecretLost`.
    """
    account = await need(tx, store_id, kind)
    tx.note("provider.tried", on=account.provider_id, after={"kind": kind})
    try:
        return account, port_of(ctx, account)
    except ValueError:
        raise SecretLost from None


def port_of(ctx: Context, account: Account) -> Port:
    """The way to a provider. Raises `ValueError` where its secret cannot be opened."""
    if account.kind == "http":
        return HttpProvider(ctx.outbound, account.place, keys_of(ctx.require_sealing(), account))
    knobs = RewardsSettings()
    base_url = knobs.paypal_url if account.place == "live" else knobs.paypal_sandbox_url
    secret = _opened(ctx.require_sealing(), account).value
    return PayPal(ctx.outbound, base_url, account.client_id or "", secret)


def keys_of(sealing: Sealing, account: Account) -> list[bytes]:
    """The keys that sign and are believed, the newest first. Raises `ValueError` where they cannot be opened."""
    secret = _opened(sealing, account)
    keys = [key_of(secret.value)]
    if secret.former is not None and secret.until > real_time().timestamp():
        keys.append(key_of(secret.former))
    return keys


def report_path(account: Account) -> str:
    """Where the provider reports."""
    return f"/v1/payout-events/{account.hook}"


async def _account(
    tx: Tx, sealing: Sealing, store_id: str, kind: Kind, *, place: str, client_id: str | None, secret: str
) -> Account:
    """A new account in place of the one of its kind."""
    before = await sql.current(tx, store_id, kind)
    if before is not None:
        await sql.end(tx, store_id, before.provider_id)
        await forget_secrets(tx, store_id, [before.provider_id])
    provider_id = new_id("ppv", at=tx.now)
    account = Account(
        store_id=store_id,
        provider_id=provider_id,
        kind=kind,
        hook=secrets.token_hex(16),
        place=place,
        client_id=client_id,
        sealed=_seal(sealing, provider_id, _Secret(secret)),
        secret_end=_end_of(secret),
        trouble=None,
        heard_at=None,
        made_at=tx.now,
        changed_at=tx.now,
        ended_at=None,
    )
    await sql.add(tx, account)
    tx.note("provider.set_up" if before is None else "provider.changed", on=provider_id, after={"kind": kind})
    return account


async def _with_secret(
    tx: Tx, sealing: Sealing, account: Account, secret: str | None, *, overlap: timedelta | None
) -> Account:
    try:
        held: _Secret | None = _opened(sealing, account)
    except ValueError:  # the key that sealed it is gone: so is the secret
        held = None
    if secret is None or (held is not None and held.value == secret):
        return account
    former, until = None, 0
    if held is not None and overlap is not None:
        former, until = held.value, int(real_time(overlap).timestamp())
    sealed = _seal(sealing, account.provider_id, _Secret(secret, former, until))
    await sql.give_secret(tx, account.store_id, account.provider_id, sealed=sealed, end=_end_of(secret))
    await release(tx, kind=TASK, lane=account.provider_id)
    tx.note("provider.secret_changed", on=account.provider_id, after={"kind": account.kind})
    return await get(tx, account.store_id, account.provider_id)


def _opened(sealing: Sealing, account: Account) -> _Secret:
    if account.sealed is None:
        raise ValueError("the secret was dropped")
    return _Secret(*orjson.loads(sealing.open(SEALED, account.sealed, owner=account.provider_id)))


def _seal(sealing: Sealing, provider_id: str, secret: _Secret) -> bytes:
    return sealing.seal(SEALED, orjson.dumps((secret.value, secret.former, secret.until)), owner=provider_id)


def _end_of(secret: str) -> str:
    return secret.rstrip("=")[-4:]


def _key(secret: str) -> bytes:
    try:
        key = key_of(secret.strip())
    except ValueError:
        key = b""
    if not secret.strip().startswith(MARK) or not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise Invalid.field("secret", "A secret is whsec_ and the base64 of 24 to 64 random bytes.")
    return key
