"""Providers of payouts as their documents describe them, and as they are on bad days: a store's own endpoint, and
PayPal. Each keeps a book of what it paid, under the keys that it was given; the book is what tests believe.

By hand: `python -m tests.support.payout_providers 8099` stands for both, prints what it was asked, and fails now and
then; point a store's provider, or `KITH_REWARDS_PAYPAL_SANDBOX_URL`, at it.
"""

import asyncio
import json
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.wait import until

SECRET = "whsec_" + b64encode(b"the secret of an endpoint of ours").decode()
CLIENT, CLIENT_SECRET = "A-client-id_of-the-sandbox", "E-secret_of-the-sandbox-0123"
Listener = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Moods:
    """How often, of a hundred calls, a provider has which bad day."""

    away_after: int = 0
    """It does what it was asked, and answers with 504."""
    away_before: int = 0
    """It answers with 502, and has done nothing."""
    breaks_off: int = 0
    """It pays, and its answer ends in the middle."""
    busy: int = 0
    """It wants a second of peace."""
    event_first: int = 0
    """Its webhook is there before its answer."""
    returns: int = 0
    """Of a hundred that it paid, so many come back later."""
    fails: int = 0
    """Of a hundred payouts, so many it does not make."""


@dataclass
class Paid:
    """One line of a provider's book."""

    payout_id: str
    amount: str
    currency: str
    to: str
    status: str
    looks: int = 0


@dataclass
class Provider:
    """What both kinds have in common: a book, moods, and somebody to tell."""

    random: Random
    moods: Moods = field(default_factory=Moods)
    book: dict[str, Paid] = field(default_factory=dict)
    """By payout, as it stands now."""
    given: list[str] = field(default_factory=list)
    """Each key that a payout or a batch was given under, as often as it was."""
    doubled: list[str] = field(default_factory=list)
    """Payouts that would have been paid twice, had anybody asked so."""
    listener: Listener | None = None
    refused_calls: int = 0

    def happens(self, share: int) -> bool:
        return self.random.randrange(100) < share

    def pay(self, payout_id: str, amount: str, currency: str, to: str, *, paid: str, failed: str) -> Paid:
        """Pays, and writes it down."""
        if payout_id in self.book:
            self.doubled.append(payout_id)
        status = failed if self.happens(self.moods.fails) else paid
        self.book[payout_id] = Paid(payout_id, amount, currency, to, status)
        return self.book[payout_id]

    async def give_back(self) -> list[str]:
        """Some of what was paid comes back, and it says so; returns which."""
        raise NotImplementedError

    async def report(self, event: dict[str, Any]) -> None:
        """Tells by webhook, if anybody listens."""
        if self.listener is not None:
            await self.listener(event)

    def out(self, *kept: str) -> dict[str, str]:
        """What is out of its account: amounts by payout."""
        return {one.payout_id: one.amount for one in self.book.values() if one.status in kept}


@dataclass
class Endpoint(Provider):
    """A store's own endpoint: verifies, pays each id once, answers as it did before, can be asked."""

    secrets: tuple[str, ...] = (SECRET,)
    answers: str = "paid"
    """What it answers of a new payout: `paid`, or `accepted`, and pays when it is asked the second time."""
    places: list[str] = field(default_factory=list)
    """The query of each address that was called."""
    hangs: asyncio.Event | None = None
    """It answers once this is set."""

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        self.places.append(request.url.query)
        if self.hangs is not None:
            await self.hangs.wait()
        if not self._is_signed(body, dict(request.headers)):
            self.refused_calls += 1
            return JSONResponse({"error": "signature"}, status_code=401)
        if self.happens(self.moods.busy):
            return JSONResponse({"error": "busy"}, status_code=429, headers={"retry-after": "1"})
        if self.happens(self.moods.away_before):
            return Response(status_code=502)
        asked = json.loads(body)
        given = self._look(asked["id"]) if asked["type"] == "payout.look_up" else await self._pay(asked)
        return Response(status_code=504) if self.happens(self.moods.away_after) else given

    def _look(self, payout_id: str) -> Response:
        found = self.book.get(payout_id)
        if found is None:
            return JSONResponse({"status": "unknown"}, status_code=404)
        found.looks += 1
        if found.status == "accepted" and found.looks > 1:
            found.status = "paid"
        return JSONResponse(self._report(found))

    async def _pay(self, order: dict[str, Any]) -> Response:
        self.given.append(order["id"])
        found = self.book.get(order["id"])
        if found is None:
            found = self.pay(
                order["id"],
                order["amount"],
                order["currency"],
                order["destination"],
                paid=self.answers,
                failed="failed",
            )
        if self.happens(self.moods.event_first):
            await self.report(self._report(found))
        if self.happens(self.moods.breaks_off):
            return Response(content=b'{"status": "pa', media_type="application/json")
        return JSONResponse(self._report(found))

    @staticmethod
    def _report(found: Paid) -> dict[str, Any]:
        return {"id": found.payout_id, "status": found.status, "reference": f"R-{found.payout_id}", "fee_minor": 1}

    def _is_signed(self, body: bytes, headers: dict[str, str]) -> bool:
        for secret in self.secrets:
            try:
                Webhook(secret).verify(body, headers)
            except WebhookVerificationError:
                continue
            return True
        return False

    async def give_back(self) -> list[str]:
        """Some of what was paid comes back, and it says so."""
        back = [one for one in self.book.values() if one.status == "paid" and self.happens(self.moods.returns)]
        for one in back:
            one.status = "returned"
            await self.report({**self._report(one), "reason": "account_closed"})
        return [one.payout_id for one in back]


@dataclass
class Batch:
    """A batch of PayPal's."""

    number: str
    key: str
    items: list[Paid]
    read: int = 0


@dataclass
class PayPalBook(Provider):
    """PayPal's Payouts: a batch for each `sender_batch_id`, whose items it works through while it is asked."""

    batches: dict[str, Batch] = field(default_factory=dict)
    tokens: int = 0
    valid: set[str] = field(default_factory=set)
    invalid_receivers: set[str] = field(default_factory=set)
    links_duplicates: bool = True
    statuses: dict[str, str] = field(default_factory=dict)
    """Of receivers, what becomes of what is sent to them; of the others `SUCCESS`."""

    async def token(self, request: Request) -> Response:
        wanted = "Basic " + b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != wanted:
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        self.tokens += 1
        self.valid.add(f"token-{self.tokens}")
        scope = "https://uri.paypal.com/services/x https://uri.paypal.com/payments/payouts"
        return JSONResponse({"access_token": f"token-{self.tokens}", "expires_in": 32400, "scope": scope})

    def _hindrance(self, request: Request) -> Response | None:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            self.refused_calls += 1
            return _error(401, "AUTHENTICATION_FAILURE")
        if self.happens(self.moods.busy):
            return JSONResponse({"name": "RATE_LIMIT_REACHED"}, status_code=429, headers={"retry-after": "1"})
        return _error(502, "BAD_GATEWAY") if self.happens(self.moods.away_before) else None

    async def create(self, request: Request) -> Response:
        if (hindered := self._hindrance(request)) is not None:
            return hindered
        given = await self._create(request)
        return _error(504, "GATEWAY_TIMEOUT") if self.happens(self.moods.away_after) else given

    async def _create(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        key, items = asked["sender_batch_header"]["sender_batch_id"], asked["items"]
        self.given.append(key)
        if (known := self.batches.get(key)) is not None:
            links = [{"href": f"{request.base_url}v1/payments/payouts/{known.number}", "rel": "self", "method": "GET"}]
            details = [{"field": "SENDER_BATCH_ID", "issue": "Batch with given sender_batch_id already exists"}]
            return _error(400, "USER_BUSINESS_ERROR", details, links if self.links_duplicates else [])
        wrong = [place for place, one in enumerate(items) if one["receiver"] in self.invalid_receivers]
        if wrong:
            details = [
                {"field": f"items[{place}].receiver", "location": "body", "issue": "Receiver is invalid"}
                for place in wrong
            ]
            return _error(400, "VALIDATION_ERROR", details)
        batch = self.batches[key] = Batch(
            f"PB{len(self.batches) + 1:08d}",
            key,
            [
                self.pay(
                    one["sender_item_id"],
                    one["amount"]["value"],
                    one["amount"]["currency"],
                    one["receiver"],
                    paid="PENDING",
                    failed="FAILED",
                )
                for one in items
            ],
        )
        if self.happens(self.moods.event_first):
            await self.report(self.event(batch))
        return JSONResponse({"batch_header": self._header(batch, "PENDING"), "links": []}, status_code=201)

    async def read(self, request: Request) -> Response:
        if (hindered := self._hindrance(request)) is not None:
            return hindered
        number = request.path_params["number"]
        batch = next((one for one in self.batches.values() if one.number == number), None)
        if batch is None:
            return _error(404, "RESOURCE_NOT_FOUND")
        batch.read += 1
        if batch.read > 1:
            self.work_off(batch)
        size, page = int(request.query_params["page_size"]), int(request.query_params["page"])
        shown = batch.items[(page - 1) * size : page * size]
        done = all(one.status != "PENDING" for one in batch.items)
        return JSONResponse(
            {
                "total_items": len(batch.items),
                "total_pages": -(-len(batch.items) // size),
                "batch_header": self._header(batch, "SUCCESS" if done else "PROCESSING"),
                "items": [self._item(batch, one) for one in shown],
            }
        )

    def work_off(self, batch: Batch) -> None:
        """What was pending comes to its end, or to where it waits for the receiver."""
        for one in batch.items:
            if one.status == "PENDING":
                one.status = self.statuses.get(one.to, "SUCCESS")

    @staticmethod
    def _header(batch: Batch, status: str) -> dict[str, Any]:
        own = {"sender_batch_id": batch.key}
        return {"payout_batch_id": batch.number, "batch_status": status, "sender_batch_header": own}

    @staticmethod
    def _item(batch: Batch, one: Paid) -> dict[str, Any]:
        item = {
            "payout_item_id": f"I{one.payout_id[-20:]}",
            "transaction_id": f"T{one.payout_id[-20:]}",
            "transaction_status": one.status,
            "payout_item_fee": {"currency": one.currency, "value": "0.25"},
            "payout_batch_id": batch.number,
            "payout_item": {
                "recipient_type": "EMAIL",
                "amount": {"currency": one.currency, "value": one.amount},
                "receiver": one.to,
                "sender_item_id": one.payout_id,
            },
        }
        if one.status == "FAILED":
            item["errors"] = {"name": "RECEIVER_UNREGISTERED", "message": "Receiver is unregistered", "debug_id": "1"}
        return item

    def event(self, batch: Batch) -> dict[str, Any]:
        """What its webhook says of a batch."""
        header = self._header(batch, "PROCESSING")
        return {
            "id": "WH-1",
            "event_type": "PAYMENT.PAYOUTSBATCH.PROCESSING",
            "resource_type": "payouts",
            "resource": {"batch_header": header},
        }

    async def give_back(self) -> list[str]:
        """Some of what was paid is sent back by who got it, and it says so."""
        back: list[str] = []
        for batch in self.batches.values():
            for one in batch.items:
                if one.status == "SUCCESS" and self.happens(self.moods.returns):
                    one.status = "RETURNED"
                    back.append(one.payout_id)
                    item = self._item(batch, one)
                    await self.report({"event_type": "PAYMENT.PAYOUTS-ITEM.RETURNED", "resource": item})
        return back


def _error(
    status: int, name: str, details: list[dict[str, str]] | None = None, links: list[dict[str, str]] | None = None
) -> Response:
    body = {
        "name": name,
        "message": name.capitalize(),
        "debug_id": "d1",
        "details": details or [],
        "links": links or [],
    }
    return JSONResponse(body, status_code=status)


def app_of(endpoint: Endpoint, paypal: PayPalBook) -> Starlette:
    """Both, at their addresses."""
    return Starlette(
        routes=[
            Route("/pay", endpoint.answer, methods=["POST"]),
            Route("/v1/oauth2/token", paypal.token, methods=["POST"]),
            Route("/v1/payments/payouts", paypal.create, methods=["POST"]),
            Route("/v1/payments/payouts/{number}", paypal.read, methods=["GET"]),
        ]
    )


@dataclass
class Simulator:
    """Both providers behind one port of this machine."""

    endpoint: Endpoint
    paypal: PayPalBook
    url: str

    @property
    def pay_url(self) -> str:
        return f"{self.url}/pay"


@asynccontextmanager
async def simulator(random: Random) -> AsyncIterator[Simulator]:
    """Runs both until the block ends."""
    endpoint, paypal = Endpoint(random), PayPalBook(random)
    config = uvicorn.Config(app_of(endpoint, paypal), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started, what="the stand-in for providers")
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Simulator(endpoint, paypal, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        await running


def main(port: int) -> None:
    """Stands for both by hand, with a bad day now and then."""
    moods = Moods(away_after=10, away_before=5, breaks_off=5, busy=5, fails=5)
    print(f"An endpoint at http://127.0.0.1:{port}/pay with the secret {SECRET}")
    print(f"PayPal at http://127.0.0.1:{port} with client {CLIENT} and secret {CLIENT_SECRET}", flush=True)
    random = Random()
    uvicorn.run(app_of(Endpoint(random, moods), PayPalBook(random, moods)), port=port)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8099)
