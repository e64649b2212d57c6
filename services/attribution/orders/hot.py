"""`POST /v1/orders`: many requests, one commit. The answer leaves when the fact, its event and the answer are safe."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson
from starlette.types import Receive, Scope, Send

from services.attribution.orders import actions
from services.attribution.orders.actions import Clock, Fact
from services.attribution.orders.schemas import OrderIn
from services.kernel import failpoints
from services.kernel.batch import GroupCommit
from services.kernel.context import Context
from services.kernel.http import idempotency
from services.kernel.http.credentials import authorize
from services.kernel.http.hot import answer_json, begin, headers_of, parse, read_body
from services.kernel.http.idempotency import Claim, Same, Stored
from services.kernel.http.problems import HttpError

ROUTE = "POST /v1/orders"
_REPLAYED = ((b"idempotent-replayed", b"true"),)
_JSON = b"application/json"


@dataclass(frozen=True, slots=True)
class Item:
    """One request: its fact, and its Idempotency-Key if it has one."""

    fact: Fact
    claim: Claim | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request is answered."""

    status: int
    body: bytes
    replayed: bool = False


class Orders:
    """Takes orders in. Lives as long as the process; `group` gathers the requests of a moment."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.group: GroupCommit[Item, Answer] = GroupCommit(self._write, name="orders", about=_about)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one order."""
        ctx = self._ctx
        headers = headers_of(scope)
        caller = authorize(ctx, headers.get(b"authorization"), "orders:write")
        key = idempotency.read_key(headers.get(b"idempotency-key"))
        if not headers.get(b"content-type", b"").startswith(_JSON):
            raise HttpError(415, "Send JSON, with the header Content-Type: application/json.")
        begin(headers)
        body = await read_body(scope, receive)
        told = actions.report_of(parse(OrderIn, body))
        clock = Clock(ctx.live.now(), ctx.live.offset)
        fact = actions.report(ctx.ring, caller.store_id, told, clock)
        claim = None
        if key is not None:
            claim = Claim(caller.store_id, ROUTE, key, idempotency.body_hash(ctx.ring, body))
        answer = await self.group.submit(Item(fact, claim))
        return await answer_json(send, answer.status, answer.body, headers=_REPLAYED if answer.replayed else ())

    async def _write(self, items: list[Item]) -> Sequence[Answer | Exception]:
        """One transaction for all: earlier answers of known keys, facts, events, answers to keep."""
        async with self._ctx.db.transaction(stores={item.fact.stored.store_id for item in items}) as tx:
            claims = {place: item.claim for place, item in enumerate(items) if item.claim is not None}
            told = await idempotency.claim(tx, list(claims.values())) if claims else []
            findings = dict(zip(claims, told, strict=True))
            to_do = [place for place in range(len(items)) if findings.get(place) is None]
            new = await actions.keep(tx, [items[place].fact for place in to_do])
            answers = {
                place: Answer(202, accepted(items[place].fact.stored.order_id, duplicate=not is_new))
                for place, is_new in zip(to_do, new, strict=True)
            }
            await idempotency.keep(tx, [(claims[p], a.status, a.body) for p, a in answers.items() if p in claims])
            failpoints.hit("orders.before_commit")
        failpoints.hit("orders.after_commit")
        places = list(claims)
        return [
            answers[place] if place in answers else _again(findings[place], answers, places)
            for place in range(len(items))
        ]


def _again(found: idempotency.Finding, answers: dict[int, Answer], places: Sequence[int]) -> Answer | Exception:
    """What a request is answered whose key was used before."""
    if isinstance(found, Stored):
        return Answer(found.status, found.body, replayed=True)
    if isinstance(found, Same):
        return replace(answers[places[found.place]], replayed=True)
    return idempotency.reused()


def _about(item: Item) -> tuple[str, str]:
    return item.fact.stored.store_id, item.fact.stored.order_id


def accepted(order_id: str, *, duplicate: bool) -> bytes:
    """The answer's bytes."""
    mark = b',"duplicate":true' if duplicate else b""
    return b'{"order_id":%s,"status":"accepted"%s}' % (orjson.dumps(order_id), mark)
