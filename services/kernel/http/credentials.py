"""From an Authorization header to a caller: the same rules for hot routes and for the framework's dependencies."""

from typing import Final

from services.kernel.auth import api_keys
from services.kernel.auth.api_keys import Caller
from services.kernel.context import Context
from services.kernel.db import ALL_STORES
from services.kernel.errors import Forbidden, Unauthorized

MAX_HEADER: Final = 512
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def bearer(raw: bytes | None) -> str:
    """The token of an Authorization header. Raises `Unauthorized` unless it is `Bearer` and one token."""
    if raw is None:
        raise Unauthorized("Send an API key: Authorization: Bearer kith_sk_…", code="no_key", headers=_CHALLENGE)
    scheme, _, token = raw[:MAX_HEADER].partition(b" ")
    if scheme.lower() != b"bearer" or len(raw) > MAX_HEADER:
        raise Unauthorized("The Authorization header must be: Bearer kith_sk_…", code="no_key", headers=_CHALLENGE)
    return token.strip().decode("latin-1")


def authenticate(ctx: Context, raw: bytes | None, *, origin: bytes | None = None) -> Caller:
    """Who holds the API key in an Authorization header. Raises `Unauthorized` for any other bytes, and revoked keys.

    `origin` is the request's Origin header, which browsers send and servers do not: a secret key beside one is
    `Forbidden`.
    """
    text = bearer(raw)
    try:
        caller = api_keys.read(ctx.ring, text)
    except Unauthorized:
        if (store_id := api_keys.claimed_store(text)) is not None:
            ctx.sightings.note_claimed(store_id, "key", ctx.live.microseconds(), reason="wrong_key")
        raise
    if caller.key_id in ctx.live.revoked:
        _noted(ctx, caller, "revoked_key")
        raise Unauthorized("This API key was revoked.", code="revoked_key", headers=_CHALLENGE)
    if origin is not None and caller.kind == "sk":
        _noted(ctx, caller, "secret_key_in_browser")
        raise _in_a_browser()
    ctx.uses.note(caller.store_id, caller.key_id, ctx.live.microseconds())
    return caller


def authorize(ctx: Context, headers: dict[bytes, bytes], scope: str) -> Caller:
    """`authenticate` by a request's headers, and `Forbidden` unless the key may do this."""
    caller = authenticate(ctx, headers.get(b"authorization"), origin=headers.get(b"origin"))
    admit(ctx, caller, scope)
    return caller


def admit(ctx: Context, caller: Caller, scope: str) -> None:
    """`demand`, and whoever connects the store is shown what was refused."""
    if scope not in caller.scopes:
        _noted(ctx, caller, "publishable_key" if caller.kind == "pk" else "missing_scope")
        demand(caller, scope)


def demand(caller: Caller, scope: str) -> None:
    """Raises `Forbidden` unless the caller may do this."""
    if scope in caller.scopes:
        return
    if caller.kind == "pk":
        raise Forbidden("A publishable key may only track: use a secret key, on a server.", code="publishable_key")
    raise Forbidden(f"This key does not have the scope {scope}.", code="missing_scope")


def authenticate_operator(ctx: Context, raw: bytes | None, *, origin: bytes | None = None) -> Caller:
    """The operator, whose key is a setting's own value. Raises `Unauthorized`, or `Forbidden` for a store's key, and
    for any key that a browser sends.
    """
    text = bearer(raw)
    if ctx.ring.is_operator(text.encode("latin-1")):
        if origin is not None:
            raise _in_a_browser()
        return Caller(ALL_STORES, "operator", "operator", frozenset(ctx.ring.scopes.names))
    authenticate(ctx, raw, origin=origin)
    raise Forbidden("Only the operator's key may do this.", code="operator_only")


def _noted(ctx: Context, caller: Caller, reason: str) -> None:
    ctx.sightings.note(caller.store_id, "key", ctx.live.microseconds(), on=caller.key_id, reason=reason)


def _in_a_browser() -> Forbidden:
    return Forbidden(
        "A secret key came from a browser (the request has an Origin header): whoever opens that page can read it."
        " Revoke it, make a new one, and call from your server; pages use the publishable key, kith_pk_….",
        code="secret_key_in_browser",
    )
