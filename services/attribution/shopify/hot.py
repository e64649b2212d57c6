"""`POST /v1/hooks/shopify/{hook_id}`: signature first, then one commit for the deliveries of a moment.

Whoever cannot sign learns nothing: an unknown address and a wrong signature get the same answer after the same work,
and so many a minute only. What is signed is never held back, wherever it comes from.
"""

import hmac
from collections.abc import Sequence

import structlog
from cachetools import TTLCache
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from services.attribution.hooks import actions as hooks
from services.attribution.hooks import domain as hooks_domain
from services.attribution.hooks.sql import Hook
from services.attribution.orders.actions import Clock
from services.attribution.shopify import actions, domain
from services.attribution.shopify.actions import Received
from services.attribution.slices.actions import OwnPlaceholders
from services.kernel.auth import at_rest
from services.kernel.batch import GroupCommit
from services.kernel.context import Context
from services.kernel.errors import Unauthorized
from services.kernel.http.address import client_address
from services.kernel.http.hot import answer, begin, headers_of, read_body, start
from services.kernel.http.limits import Limiter

PREFIX = "/v1/hooks/shopify/"
MOST_BYTES = 1024 * 1024
"""Orders of hundreds of lines are real."""
REMEMBERED_S = 5.0
"""How long a hook is remembered, and so how long a deleted one may still be answered."""
WRONG_A_MINUTE = 60
"""Deliveries with a wrong signature that one address may send."""
_FAMILIES = ("x-shopify-", "shopify-")
_DELIVERIES = Counter("kith_deliveries_total", "Deliveries of store platforms.", ("platform", "outcome"))
_OK = start(200, ((b"content-type", b"application/json"), (b"cache-control", b"no-store")))


class Shopify:
    """Takes Shopify's deliveries in. Lives as long as the process."""

    def __init__(self, ctx: Context, placeholders: OwnPlaceholders) -> None:
        self._ctx = ctx
        self._placeholders = placeholders
        self._hooks: TTLCache[str, tuple[str, bytes] | None] = TTLCache(maxsize=10_000, ttl=REMEMBERED_S)
        self._wrong = Limiter("hook-signatures", per_minute=WRONG_A_MINUTE)
        self.group: GroupCommit[Received, str] = GroupCommit(self._write, name="shopify")
        self._log = structlog.get_logger()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one delivery: 200 once it is kept, 401 for what nobody we know has signed."""
        hook_id = scope["path"][len(PREFIX) :]
        raw = headers_of(scope)
        headers = _reported(raw)
        body = await read_body(scope, receive, limit=MOST_BYTES)
        store_id, secret = await self._hook(hook_id) or ("", b"\0" * 32)
        expected = domain.signature(secret, body)
        if not hmac.compare_digest(headers.get("hmac-sha256", "").encode("latin-1"), expected) or not store_id:
            _DELIVERIES.labels("shopify", "unsigned").inc()
            self._wrong.enforce(scope, client_address(scope, trusted=self._ctx.settings.trusted_proxies))
            raise Unauthorized("This delivery is not signed with the hook's secret.", code="bad_signature")
        begin(raw)
        ctx = self._ctx
        clock = Clock(ctx.live.now(), ctx.live.offset)
        received = actions.receive(
            ctx.ring,
            store_id=store_id,
            hook_id=hook_id,
            headers=headers,
            body=body,
            clock=clock,
            nobody=self._placeholders.of(store_id),
        )
        if received.delivery.outcome == "failed":
            self._log.warning("shopify.unreadable", hook=hook_id, reason=received.delivery.reason)
        outcome = await self.group.submit(received)
        _DELIVERIES.labels("shopify", outcome).inc()
        return await answer(send, _OK, b'{"outcome":"%s"}' % outcome.encode())

    async def _hook(self, hook_id: str) -> tuple[str, bytes] | None:
        """Store and secret of a hook, from memory for a few seconds; None for an id that nobody has."""
        if not (0 < len(hook_id) <= 64 and hook_id.isascii() and hook_id.isprintable()):
            return None
        if hook_id in self._hooks:
            return self._hooks[hook_id]
        async with self._ctx.db.transaction() as tx:
            hook = await hooks.find(tx, hook_id)
        found = self._opened(hook) if hook is not None and hook.platform == "shopify" else None
        self._hooks[hook_id] = found
        return found

    def _opened(self, hook: Hook) -> tuple[str, bytes] | None:
        try:
            return hook.store_id, at_rest.decrypt(self._ctx.ring, hooks_domain.SECRET, hook.secret, owner=hook.hook_id)
        except ValueError as error:
            # Its deliveries get 401 and the platform repeats them: time to put the old key back into the ring.
            self._log.error("shopify.secret_lost", hook=hook.hook_id, error=str(error))
            return None

    async def _write(self, received: list[Received]) -> Sequence[str]:
        stores = {one.delivery.store_id for one in received}
        async with self._ctx.db.transaction(stores=stores) as tx:
            return await actions.keep(tx, received)


def _reported(raw: dict[bytes, bytes]) -> dict[str, str]:
    """The platform's headers by their bare name; it is about to drop the X- of the older family."""
    found: dict[str, str] = {}
    for name, value in raw.items():
        text = name.decode("latin-1")
        for family in _FAMILIES:
            if text.startswith(family):
                found.setdefault(text[len(family) :], value.decode("latin-1")[:512])
    return found
