"""Asking again while the product has too much to do, as it tells whoever asks."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

PATIENCE_S = 120


async def answered(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer to somebody who asks again after each 503, which says when."""
    async with asyncio.timeout(PATIENCE_S):
        while (answer := await ask()).status_code == 503:
            assert "retry-after" in answer.headers
        return answer
