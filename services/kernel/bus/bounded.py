"""Waiting for a client that may not come back, and may swallow the cancellation that a time limit works with."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_left_behind: set["asyncio.Task[Any]"] = set()


async def bounded(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """The result of `work`, or `TimeoutError` after so many seconds in any case; the work is then left behind.

    Work that was cancelled from inside, as the client does to its own tasks, raises `ConnectionAbortedError`: it must
    not look like our own cancellation.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.cancelled():
            raise ConnectionAbortedError("the client gave up")
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        if not task.done():
            task.cancel()
            _left_behind.add(task)
            task.add_done_callback(_forget)


def _forget(task: "asyncio.Task[Any]") -> None:
    _left_behind.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that nobody complains that nobody did
