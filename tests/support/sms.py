"""An SMS gateway as a store may have one: it verifies signatures, does nothing twice for one id, is busy or away when
it is told to be, and reports what became of messages.
"""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.wait import until

SECRET = "whsec_" + b64encode(b"the secret of a gateway in tests").decode()
NEXT_SECRET = "whsec_" + b64encode(b"the next one of this gateway 012").decode()


class SmsGateway:
    """What came; and how it behaves."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        """Messages as phones got them: each once, however often it was given."""
        self.asked = 0
        self.unsigned = 0
        self.secrets = [SECRET]
        self.unknown: set[str] = set()
        self.opted_out: set[str] = set()
        self.busy = 0
        """How many calls are answered by a wish to wait, of seven seconds."""
        self.away = False
        self.forbidden = False
        self.breaks_off = 0
        """How many messages are taken by a gateway that hangs up before it says so."""
        self.url = ""

    def to(self, number: str) -> list[str]:
        """The texts that came to a number."""
        return [one["text"] for one in self.sent if one["to"] == number]

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        body = await request.body()
        if not self._is_signed(body, dict(request.headers)):
            self.unsigned += 1
            return JSONResponse({"error": "signature"}, status_code=401)
        if self.forbidden:
            return JSONResponse({"error": "account_closed"}, status_code=403)
        if self.away:
            return Response(status_code=502)
        if self.busy:
            self.busy -= 1
            return JSONResponse({"error": "busy"}, status_code=429, headers={"retry-after": "7"})
        message: dict[str, str] = json.loads(body)
        if message["to"] in self.unknown:
            return JSONResponse({"error": "unknown_number"}, status_code=422)
        if message["to"] in self.opted_out:
            return JSONResponse({"error": "opted_out"}, status_code=409)
        if message["id"] not in {one["id"] for one in self.sent}:
            self.sent.append(message)
        if self.breaks_off:
            self.breaks_off -= 1
            return Response(status_code=504)
        return JSONResponse({"id": f"gw-{message['id']}"})

    def _is_signed(self, body: bytes, headers: dict[str, str]) -> bool:
        for secret in self.secrets:
            try:
                Webhook(secret).verify(body, headers)
            except WebhookVerificationError:
                continue
            return True
        return False


def signed(report: dict[str, Any], *, secret: str = SECRET, at: int | None = None) -> tuple[bytes, dict[str, str]]:
    """A report's body and headers, as a library of Standard Webhooks signs them."""
    body = json.dumps(report)
    moment = int(time.time()) if at is None else at
    signature = Webhook(secret).sign("rep_1", datetime.fromtimestamp(moment, UTC), body)
    headers = {"webhook-id": "rep_1", "webhook-timestamp": str(moment), "webhook-signature": signature}
    return body.encode(), {**headers, "content-type": "application/json"}


async def reports(http: httpx.AsyncClient, url: str, report: dict[str, Any], **how: Any) -> int:
    """Has the gateway report; the answer's status."""
    body, headers = signed(report, **how)
    return (await http.post(httpx.URL(url).path, content=body, headers=headers)).status_code


@asynccontextmanager
async def sms_gateway() -> AsyncIterator[SmsGateway]:
    """Runs one until the block ends."""
    state = SmsGateway()
    route = Route("/kith", state.answer, methods=["POST"])
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=[route]), port=0, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started, what="the stand-in for a gateway")
    state.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/kith"
    try:
        yield state
    finally:
        server.should_exit = True
        await running
