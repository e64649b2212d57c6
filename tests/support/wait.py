"""Waiting on a condition, the only way in which a test may wait."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

Result = TypeVar("Result")


@overload
async def until(
    condition: Callable[[], Awaitable[Result]], *, within: float = ..., every: float = ..., what: str = ...
) -> Result: ...
@overload
async def until(
    condition: Callable[[], Result], *, within: float = ..., every: float = ..., what: str = ...
) -> Result: ...
async def until(
    condition: Callable[[], Result | Awaitable[Result]],
    *,
    within: float = 60,
    every: float = 0.02,
    what: str = "the condition",
) -> Result:
    """Polls `condition` (plain or async) until it returns something true, and returns that.

    Raises `AssertionError` after `within` seconds, naming `what` and the last value seen.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + within
    while True:
        value = condition()
        seen: Result = await value if inspect.isawaitable(value) else value
        if seen:
            return seen
        if clock() >= deadline:
            raise AssertionError(f"{what} did not hold within {within:g} s; last seen: {seen!r}")
        await asyncio.sleep(every)
