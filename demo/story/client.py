"""The story's hands: a few calls of the public API, each checked, and the demo clock."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from demo.paths import segment


class StoryError(RuntimeError):
    """The product answered something that the story did not expect."""


class Client:
    """The API as one store's server, its visitors' browsers and the operator see it."""

    def __init__(self, base_url: str, *, operator_key: str) -> None:
        limits = httpx.Limits(max_connections=16, max_keepalive_connections=16)
        self._http = httpx.AsyncClient(base_url=base_url, timeout=30, limits=limits)
        self._operator_key = operator_key
        self.secret_key = ""
        self.publishable_key = ""

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def post(self, path: str, body: Mapping[str, object], *, key: str | None = None) -> dict[str, Any]:
        """One POST with the store's secret key, or another. Raises `StoryError` unless it is accepted."""
        headers = {"Authorization": f"Bearer {key or self.secret_key}"}
        answer = await self._http.post(path, json=dict(body), headers=headers)
        return _accepted(answer)

    async def patch(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """One PATCH with the store's secret key."""
        headers = {"Authorization": f"Bearer {self.secret_key}"}
        return _accepted(await self._http.patch(path, json=dict(body), headers=headers))

    async def get(self, path: str) -> dict[str, Any]:
        """One GET with the store's secret key."""
        return _accepted(await self._http.get(path, headers={"Authorization": f"Bearer {self.secret_key}"}))

    async def operate(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """One POST with the operator's key."""
        return await self.post(path, body, key=self._operator_key)

    async def track(self, body: Mapping[str, object]) -> None:
        """What a page of the store reports."""
        await self.post("/v1/track", body, key=self.publishable_key)

    async def click(self, slug: str, user_agent: str) -> str:
        """Opens a share link as a browser would and returns the click token of the redirect."""
        navigating = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        answer = await self._http.get(f"/r/{slug}", headers={"User-Agent": user_agent, **navigating})
        if answer.status_code != 302:
            raise StoryError(f"/r/{slug} answered {answer.status_code}: {answer.text[:300]}")
        return parse_qs(urlsplit(answer.headers["location"]).query)["kith"][0]

    async def look(self, slug: str, user_agent: str) -> None:
        """Looks at a share link as software does: a messenger gets what it shows of the link, others the redirect."""
        answer = await self._http.get(f"/r/{slug}", headers={"User-Agent": user_agent})
        if answer.status_code not in (200, 302):
            raise StoryError(f"/r/{slug} answered {answer.status_code} to {user_agent}")

    async def advance(self, seconds: int) -> None:
        """Moves the demo clock and waits until every process has noticed it."""
        moved = await self.operate("/v1/clock", {"advance_seconds": seconds})
        await self.clock_is(int(moved["offset_seconds"]))

    async def clock_is(self, offset_seconds: int) -> None:
        """Returns when all processes stand at this offset. Raises `StoryError` after half a minute."""
        wait_s = 0.05
        for _ in range(200):
            offsets = set(_offsets((await self._http.get("/readyz")).json()))
            if offsets == {offset_seconds}:
                return
            # Each look asks all processes of the product: rather a little late than often.
            await asyncio.sleep(wait_s)
            wait_s = min(0.2, wait_s * 1.5)
        raise StoryError(f"the demo clock did not reach {offset_seconds} s everywhere; seen: {sorted(offsets)}")

    async def decided(self, order_id: str) -> None:
        """Returns when the order has a decision. Raises `StoryError` after a minute."""
        for _ in range(1200):
            headers = {"Authorization": f"Bearer {self.secret_key}"}
            answer = await self._http.get(f"/v1/orders/{segment(order_id)}", headers=headers)
            decision = answer.json().get("decision") if answer.is_success else None
            if decision and decision["status"] != "pending":
                return
            await asyncio.sleep(0.05)
        raise StoryError(f"order {order_id} was not decided within a minute")


def _offsets(document: Any) -> Iterator[int]:
    """Every `clock_offset_seconds` in a readiness answer, however deep the services are listed."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "clock_offset_seconds":
                yield int(value)
            else:
                yield from _offsets(value)
    elif isinstance(document, list):
        for value in document:
            yield from _offsets(value)


def _accepted(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise StoryError(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:500]}")
    parsed = answer.json() if answer.content else {}
    return parsed if isinstance(parsed, dict) else {}
