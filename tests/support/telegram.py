"""A server that behaves as Telegram's Bot API does: who blocked the bot, who floods it, and whose token is no bot's."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.wait import until

TOKEN = "123456789:AAtoken-of-the-tests-0123456789012345"


class Telegram:
    """What came; who is to be answered otherwise than well."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str]] = []
        """Chat and text, as people read them."""
        self.hook: dict[str, Any] = {}
        self.deliveries: dict[str, Any] = {"pending_update_count": 0}
        """What it says of its own deliveries, beside where they go."""
        self.blocked: set[int] = set()
        self.floods = 0
        """How many calls are answered by a wish to wait."""
        self.away = False
        self.asked = 0
        self.url = ""

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        if request.path_params["token"] != TOKEN:
            return _refusal(401, "Unauthorized")
        body = json.loads(await request.body() or b"{}")
        match request.path_params["method"]:
            case "getMe":
                return JSONResponse({"ok": True, "result": {"id": 123456789, "is_bot": True, "username": "zerno_bot"}})
            case "setWebhook":
                self.hook = body
                return JSONResponse({"ok": True, "result": True})
            case "getWebhookInfo":
                return JSONResponse({"ok": True, "result": {"url": self.hook.get("url", ""), **self.deliveries}})
            case "sendMessage":
                return self._send(body)
        return _refusal(404, "Not Found")

    def _send(self, body: dict[str, Any]) -> Response:
        if self.away:
            return _refusal(502, "Bad Gateway")
        if self.floods:
            self.floods -= 1
            return _refusal(429, "Too Many Requests: retry after 7", parameters={"retry_after": 7})
        if body["chat_id"] in self.blocked:
            return _refusal(403, "Forbidden: bot was blocked by the user")
        if not 1 <= len(body["text"]) <= 4096:
            return _refusal(400, "Bad Request: message is too long")
        self.sent.append((body["chat_id"], body["text"]))
        return JSONResponse({"ok": True, "result": {"message_id": len(self.sent)}})


def _refusal(code: int, description: str, **more: Any) -> Response:
    return JSONResponse({"ok": False, "error_code": code, "description": description, **more}, status_code=code)


@asynccontextmanager
async def telegram_server() -> AsyncIterator[Telegram]:
    """Runs one until the block ends."""
    import asyncio

    state = Telegram()
    route = Route("/bot{token}/{method}", state.answer, methods=["GET", "POST"])
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=[route]), port=0, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started, what="the stand-in for Telegram")
    state.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        server.should_exit = True
        await running
