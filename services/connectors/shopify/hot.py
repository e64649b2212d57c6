"""`POST /v1/hooks/shopify/{hook_id}`: signature first, then the inbox.

Whoever cannot sign learns nothing: an unknown address and a wrong signature get the same answer after the same work,
and so many a minute only. What is signed is never held back, wherever it comes from.
"""

import hmac
from contextlib import suppress

import structlog
from cachetools import TTLCache
from starlette.types import Receive, Scope, Send

from services.connectors.hooks import actions as hooks
from services.connectors.hooks import domain as hooks_domain
from services.connectors.hooks.sql import Hook
from services.connectors.inbox.actions import DELIVERIES, OUTCOMES
from services.connectors.inbox.domain import BODY, delivery_id
from services.connectors.inbox.hot import Inbox
from services.connectors.inbox.sql import Delivery
from services.connectors.shopify import domain
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
_OK = start(200, ((b"content-type", b"application/json"), (b"cache-control", b"no-store")))


class Shopify:
    """Takes Shopify's deliveries in. Lives as long as the process."""

    def __init__(self, ctx: Context, inbox: Inbox) -> None:
        self._ctx = ctx
        self._sealing = ctx.require_sealing()
        self._inbox = inbox
        self._hooks: TTLCache[str, tuple[str, bytes] | None] = TTLCache(maxsize=10_000, ttl=REMEMBERED_S)
        self._wrong = Limiter("hook-signatures", per_minute=WRONG_A_MINUTE)
        self._log = structlog.get_logger()
        for outcome in OUTCOMES:  # a series that begins at a failure shows no increase
            DELIVERIES.labels("shopify", outcome)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one delivery: 200 once it is kept, 401 for what nobody we know has signed."""
        hook_id = scope["path"][len(PREFIX) :]
        raw = headers_of(scope)
        headers = _reported(raw)
        body = await read_body(scope, receive, limit=MOST_BYTES)
        store_id, secret = await self._hook(hook_id) or ("", b"\0" * 32)
        expected = domain.signature(secret, body)
        if not hmac.compare_digest(headers.get("hmac-sha256", "").encode("latin-1"), expected) or not store_id:
            DELIVERIES.labels("shopify", "unsigned").inc()
            self._wrong.enforce(scope, client_address(scope, trusted=self._ctx.settings.trusted_proxies))
            raise Unauthorized("This delivery is not signed with the hook's secret.", code="bad_signature")
        begin(raw)
        topic = headers.get("topic", "")[:64]
        name = delivery_id(f"{hook_id} {domain.kind_of(topic, body)}", body)
        delivery = Delivery(
            store_id=store_id,
            delivery_id=name,
            hook_id=hook_id,
            platform="shopify",
            topic=topic,
            received_at=self._ctx.live.now(),
            outcome="waiting",
            reason=None,
            order_id=None,
            body=self._sealing.seal(BODY, body, owner=name),
        )
        outcome = await self._inbox.take(delivery, body)
        if outcome == "duplicate":
            DELIVERIES.labels("shopify", outcome).inc()
        return await answer(send, _OK, b'{"outcome":"%s"}' % outcome.encode())

    async def _hook(self, hook_id: str) -> tuple[str, bytes] | None:
        """Store and secret of a hook, from memory for a few seconds; None for an id that nobody has."""
        if not (0 < len(hook_id) <= 64 and hook_id.isascii() and hook_id.isprintable()):
            return None
        with suppress(KeyError):  # asked once: between two looks what is remembered may end
            return self._hooks[hook_id]
        async with self._ctx.db.transaction() as tx:
            hook = await hooks.find(tx, hook_id)
        found = self._opened(hook) if hook is not None and hook.platform == "shopify" else None
        self._hooks[hook_id] = found
        return found

    def _opened(self, hook: Hook) -> tuple[str, bytes] | None:
        try:
            return hook.store_id, self._sealing.open(hooks_domain.SECRET, hook.secret, owner=hook.hook_id)
        except ValueError as error:
            # Its deliveries get 401 and the platform repeats them: time to put the old key back into the ring.
            self._log.error("shopify.secret_lost", hook=hook.hook_id, error=str(error))
            return None


def _reported(raw: dict[bytes, bytes]) -> dict[str, str]:
    """The platform's headers by their bare name; it is about to drop the X- of the older family."""
    found: dict[str, str] = {}
    for name, value in raw.items():
        text = name.decode("latin-1")
        for family in _FAMILIES:
            if text.startswith(family):
                found.setdefault(text[len(family) :], value.decode("latin-1")[:512])
    return found
