"""`/livez`, `/readyz`, `/metrics` and `/openapi.json` of a product that runs as several processes, answered as one."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from starlette.types import Receive, Scope, Send

from services.cli.split import exposition
from services.kernel.health import Check
from services.kernel.http.openapi import merge, openapi
from services.kernel.service import Service

_TIMEOUT_S = 3.0
_JSON = b"application/json"
_TEXT = b"text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Whole:
    """The application. `replicas` are addresses by service and replica name, `workers` those of processes that run
    tasks and answer nobody else; `running` says which children run.
    """

    services: Sequence[Service]
    replicas: Mapping[str, Mapping[str, str]]
    running: Callable[[], Mapping[str, bool]]
    checks: Sequence[Callable[[], Check]] = ()
    workers: Mapping[str, str] = field(default_factory=dict)
    _client: httpx.AsyncClient = field(init=False)
    _description: bytes = field(init=False, default=b"")

    def __post_init__(self) -> None:
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False)

    async def close(self) -> None:
        """Closes the connections to the replicas."""
        await self._client.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] == "lifespan":
            while (await receive())["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        answers = {
            "/livez": self._livez,
            "/readyz": self._readyz,
            "/metrics": self._metrics,
            "/openapi.json": self._openapi,
        }
        answer = answers.get(scope["path"])
        if answer is None or scope["method"] not in {"GET", "HEAD"}:
            status, kind, body = 404, _JSON, b'{"detail":"not found"}'
        else:
            status, kind, body = await answer()
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _livez(self) -> tuple[int, bytes, bytes]:
        running = self.running()
        lost = [name for name, replicas in self.replicas.items() if not any(running.get(r) for r in replicas)]
        document = {"status": "down" if lost else "ok", "down": lost, "children": running}
        return (503 if lost else 200), _JSON, orjson.dumps(document)

    async def _readyz(self) -> tuple[int, bytes, bytes]:
        """Ready when each service has a replica that is, and the starter's own conditions hold."""
        answers = await self._ask("/readyz")
        services: dict[str, dict[str, Any]] = {}
        ready = True
        for name, replicas in self.replicas.items():
            services[name] = {replica: _document(answers.get(replica)) for replica in replicas}
            ready = ready and any(
                (answer := answers.get(replica)) is not None and answer.status_code == 200 for replica in replicas
            )
        checks = [check() for check in self.checks]
        ready = ready and all(check.ok for check in checks)
        document = {
            "status": "ready" if ready else "not ready",
            "checks": [check.as_json() for check in checks],
            "services": services,
        }
        return (200 if ready else 503), _JSON, orjson.dumps(document)

    async def _metrics(self) -> tuple[int, bytes, bytes]:
        answers = await self._ask("/metrics", self.workers)
        texts = {name: answer.text for name, answer in answers.items() if answer is not None and answer.is_success}
        return 200, _TEXT, exposition.merge(texts).encode()

    async def _openapi(self) -> tuple[int, bytes, bytes]:
        if not self._description:
            self._description = orjson.dumps(merge([openapi(service) for service in self.services]))
        return 200, _JSON, self._description

    async def _ask(self, path: str, others: Mapping[str, str] | None = None) -> dict[str, httpx.Response | None]:
        """Every replica's answer, and that of others; None where it cannot be reached."""
        addresses = {name: address for group in self.replicas.values() for name, address in group.items()}
        addresses |= others or {}

        async def ask(address: str) -> httpx.Response | None:
            try:
                return await self._client.get(f"http://{address}{path}")
            except httpx.HTTPError:
                return None

        return dict(zip(addresses, await asyncio.gather(*map(ask, addresses.values())), strict=True))


def _document(answer: httpx.Response | None) -> Any:
    if answer is None:
        return {"status": "unreachable"}
    try:
        return orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {"status": "unreadable"}
