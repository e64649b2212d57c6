"""`POST /in/{platform}/{connection}`: who sent it first, then the inbox. One way in for all platforms.

Whoever cannot prove who they are learns nothing: an unknown address and a wrong signature get the same answer after the
same work, and so many a minute only. What is proved is never held back, wherever it comes from.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from cachetools import TTLCache
from starlette.types import Receive, Scope, Send

from services.connectors.accounts import actions as accounts
from services.connectors.accounts.sql import Account
from services.connectors.inbox.actions import DELIVERIES, OUTCOMES
from services.connectors.inbox.domain import BODY, delivery_id
from services.connectors.inbox.hot.box import Inbox
from services.connectors.inbox.sql import Delivery
from services.connectors.platforms.domain.port import Asked, Platform
from services.kernel.context import Context
from services.kernel.errors import Unauthorized
from services.kernel.http.address import client_address
from services.kernel.http.hot import answer_json, begin, headers_of, read_body
from services.kernel.http.limits import Limiter

PREFIX = "/in/"
FORMER = "/v1/hooks/"
"""Where addresses began that were made before there were connections; they go on."""
MOST_BYTES = 1024 * 1024
"""Orders of hundreds of lines are real."""
REMEMBERED_S = 5.0
"""How long an address is remembered, and so how long a deleted one may still be answered."""
LOOKED_AGAIN_S = 1.0
"""After so long it is looked at again for what it does not prove: a new secret may have been given since."""
WRONG_A_MINUTE = 60
"""Deliveries that prove nothing, which one address may send."""
_LONGEST = 2048
"""Characters of a header that are looked at."""
_NOBODYS = (b"\0" * 32,)
"""The secrets of an address that nobody has: as much work, and never a match."""


class Door:
    """Takes platforms' deliveries in. Lives as long as the process."""

    def __init__(self, ctx: Context, inbox: Inbox, platforms: Mapping[str, Platform]) -> None:
        self._ctx = ctx
        self._sealing = ctx.require_sealing()
        self._inbox = inbox
        self._platforms = platforms
        self._any = next(iter(platforms.values()))
        self._found: TTLCache[str, tuple[Account | None, tuple[bytes, ...]]] = TTLCache(10_000, ttl=REMEMBERED_S)
        self._looked: TTLCache[str, None] = TTLCache(10_000, ttl=LOOKED_AGAIN_S)
        self._wrong = Limiter("hook-signatures", per_minute=WRONG_A_MINUTE)
        for name in platforms:
            for outcome in OUTCOMES:  # a series that begins at a failure shows no increase
                DELIVERIES.labels(name, outcome)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one delivery: 200 once it is kept, 401 for what nobody we know has sent."""
        path: str = scope["path"]
        rest = path[len(PREFIX) :] if path.startswith(PREFIX) else path[len(FORMER) :]
        name, _, rest = rest.partition("/")
        account_id, _, key = rest.partition("/")
        raw = headers_of(scope)
        body = await read_body(scope, receive, limit=MOST_BYTES)
        asked = Asked({k.decode("latin-1"): v[:_LONGEST].decode("latin-1") for k, v in raw.items()}, body, key)
        platform = self._platforms.get(name)
        if platform is not None and platform.ping(asked):
            return await answer_json(send, 200, b'{"outcome":"ping"}')
        account = self._proved(asked, name, *await self._account(account_id))
        if account is None and account_id in self._found and account_id not in self._looked:
            # A platform that tries nothing twice would lose what it signs with a secret that was given just now.
            self._found.pop(account_id, None)
            account = self._proved(asked, name, *await self._account(account_id))
        if account is None or platform is None:
            if platform is not None:
                DELIVERIES.labels(name, "unsigned").inc()
            self._refused(account_id, name)
            self._wrong.enforce(scope, client_address(scope, trusted=self._ctx.settings.trusted_proxies))
            raise Unauthorized("This delivery is not signed with the connection's secret.", code="bad_signature")
        begin(raw)
        named = platform.name_of(asked)
        delivery_name = delivery_id(f"{account_id} {named.kind}", body)
        delivery = Delivery(
            store_id=account.store_id,
            delivery_id=delivery_name,
            hook_id=account_id,
            platform=name,
            topic="".join(filter(str.isprintable, named.topic))[:64],
            received_at=self._ctx.live.now(),
            outcome="waiting",
            reason=None,
            order_id=None,
            body=self._sealing.seal(BODY, body, owner=delivery_name),
            as_of=named.at,
        )
        outcome, reason = await self._inbox.take(delivery, body, account)
        if outcome == "duplicate":
            DELIVERIES.labels(name, outcome).inc()
        self._seen(account.store_id, account_id, reason)
        return await answer_json(send, 200, b'{"outcome":"%s"}' % outcome.encode())

    def _refused(self, account_id: str, name: str) -> None:
        """Shows who connects the store that the address is right and the rest is not."""
        known, _ = self._found.get(account_id, (None, ()))
        if known is not None:
            self._seen(known.store_id, account_id, "bad_signature" if known.platform == name else "other_platform")

    def _seen(self, store_id: str, account_id: str, reason: str) -> None:
        self._ctx.sightings.note(store_id, "delivery", self._ctx.live.microseconds(), on=account_id, reason=reason)

    def _proved(self, asked: Asked, name: str, account: Account | None, secrets: Sequence[bytes]) -> Account | None:
        """Whose request this is; nobody's, after the same work, if it proves nothing or names another platform."""
        mine = account is not None and account.platform == name
        platform = self._platforms.get(name, self._any)
        proved = platform.authenticate(asked, secrets if mine else _NOBODYS, self._seconds())
        return account if proved and mine else None

    def _seconds(self) -> int:
        """Since 1970, by the real clock: senders sign with theirs, which no demo moves."""
        return int((self._ctx.live.now() - self._ctx.live.offset).timestamp())

    async def _account(self, account_id: str) -> tuple[Account | None, tuple[bytes, ...]]:
        """An address with its secrets, from memory for a few seconds; nobody's for an id that nobody has."""
        if not (0 < len(account_id) <= 64 and account_id.isascii() and account_id.isprintable()):
            return None, _NOBODYS
        with suppress(KeyError):  # asked once: between two looks what is remembered may end
            return self._found[account_id]
        async with self._ctx.db.transaction() as tx:
            account = await accounts.find(tx, account_id)
            now = tx.now
        secrets = tuple(accounts.secrets_of(self._sealing, account, now)) if account is not None else ()
        found = self._found[account_id] = (account if secrets else None, secrets or _NOBODYS)
        self._looked[account_id] = None
        return found
