"""`POST /v1/orders`: many requests, one commit. The answer leaves when the fact, its event and the answer are safe."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from starlette.types import Receive, Scope, Send

from services.attribution.joins import actions as joins
from services.attribution.joins.sql import Verified
from services.attribution.orders import actions
from services.attribution.orders.hot import reading
from services.common import order_facts
from services.common.order_facts import Clock, ReportedFact
from services.common.own_placeholders import OwnPlaceholders
from services.kernel import failpoints
from services.kernel.auth.api_keys import Caller
from services.kernel.batch import GroupCommit
from services.kernel.context import Context
from services.kernel.http import idempotency
from services.kernel.http.body import MAX_BODY
from services.kernel.http.credentials import authorize
from services.kernel.http.hot import JSON_HEADERS, answer_json, begin, headers_of, read_body
from services.kernel.http.idempotency import Claim, Same, Stored
from services.kernel.http.problems import HttpError
from services.kernel.http.quick import DeferredAnswer, QuickAnswer, lines

ROUTE = "POST /v1/orders"
_REPLAYED = ((b"idempotent-replayed", b"true"),)
_REPLAYED_LINES = lines((*JSON_HEADERS, *_REPLAYED))
_LINES = lines(JSON_HEADERS)
_JSON = b"application/json"


class Item(NamedTuple):
    """One request: its fact, and its Idempotency-Key if it has one."""

    fact: ReportedFact
    claim: Claim | None
    verified: Sequence[Verified] = ()
    """The buyer's contacts, where the store has made sure of them."""


class Answer(NamedTuple):
    """What one request is answered."""

    status: int
    body: bytes
    replayed: bool = False


class Orders:
    """Takes orders in. Lives as long as the process; `group` gathers the requests of a moment."""

    def __init__(self, ctx: Context, placeholders: OwnPlaceholders) -> None:
        self._ctx = ctx
        self._placeholders = placeholders
        self.group: GroupCommit[Item, Answer] = GroupCommit(self._write, name="orders")

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one order."""
        headers = headers_of(scope)
        caller = self._admit(headers)
        answer = await self.group.submit(self._item(caller, headers, await read_body(scope, receive)))
        return await answer_json(send, answer.status, answer.body, headers=_REPLAYED if answer.replayed else ())

    def quick(self, scope: Scope, body: bytes) -> DeferredAnswer | None:
        """The same for a body that has arrived whole. An order reported twice is one, so it may be begun again."""
        if len(body) > MAX_BODY:
            return None
        headers = headers_of(scope)
        return DeferredAnswer(self.group.enqueue(self._item(self._admit(headers), headers, body)), _quick_answer)

    def _admit(self, headers: dict[bytes, bytes]) -> Caller:
        caller = authorize(self._ctx, headers, "orders:write")
        if not headers.get(b"content-type", b"").startswith(_JSON):
            raise HttpError(415, "Send JSON, with the header Content-Type: application/json.")
        return caller

    def _item(self, caller: Caller, headers: dict[bytes, bytes], body: bytes) -> Item:
        ctx = self._ctx
        key = idempotency.read_key(headers.get(b"idempotency-key"))
        begin(headers)
        clock, nobody = Clock(ctx.live.now(), ctx.live.offset), self._placeholders.of(caller.store_id)
        order = reading.read(body)
        fact = order_facts.report(ctx.ring, caller.store_id, order, clock, nobody)
        verified: Sequence[Verified] = ()
        if order.customer.verified:
            evidence = order_facts.evidence_in(ctx.ring, caller.store_id, order, nobody)
            verified = joins.contacts_of(caller.store_id, evidence.customer_id, evidence.hashes)
        if key is None:
            return Item(fact, None, verified)
        claim = Claim(caller.store_id, caller.claimant, ROUTE, key, idempotency.body_hash(ctx.ring, body))
        return Item(fact, claim, verified)

    async def _write(self, items: list[Item]) -> Sequence[Answer | Exception]:
        """One transaction for all: earlier answers of known keys, facts with their events, answers to keep."""
        claims = {place: item.claim for place, item in enumerate(items) if item.claim is not None}
        async with self._ctx.db.transaction(stores={item.fact.store_id for item in items}) as tx:
            findings: dict[int, idempotency.Finding] = {}
            if claims:
                reported = await idempotency.claim(tx, list(claims.values()))
                findings = {place: found for place, found in zip(claims, reported, strict=True) if found is not None}
            facts = [item.fact for place, item in enumerate(items) if place not in findings]
            new = iter(await actions.keep(tx, facts))
            if verified := [one for at, item in enumerate(items) if at not in findings for one in item.verified]:
                await joins.join(tx, verified)
            answers = {
                place: Answer(202, accepted(item.fact.order_id, duplicate=not next(new)))
                for place, item in enumerate(items)
                if place not in findings
            }
            if claims:
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
        return answers[places[found.place]]._replace(replayed=True)
    return idempotency.reused()


def _quick_answer(answer: Answer) -> QuickAnswer:
    return answer.status, _REPLAYED_LINES if answer.replayed else _LINES, answer.body


def accepted(order_id: str, *, duplicate: bool) -> bytes:
    """The answer's bytes."""
    mark = b',"duplicate":true' if duplicate else b""
    return b'{"order_id":%s,"status":"accepted"%s}' % (orjson.dumps(order_id), mark)
