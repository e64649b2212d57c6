"""Background work that a process cannot do without: if it ends before it was asked to, the process must end too.

A spool that nobody drains or a commit that nobody writes would otherwise look like a quiet day.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any
from weakref import WeakSet

_started: "WeakSet[asyncio.Task[None]]" = WeakSet()


def start(work: Coroutine[Any, Any, None], *, name: str) -> "asyncio.Task[None]":
    """Starts such work; whoever starts it also stops it."""
    task = asyncio.create_task(work, name=name)
    _started.add(task)
    return task


def running() -> "list[asyncio.Task[None]]":
    """All such work of this event loop that nobody has stopped, also what has failed."""
    loop = asyncio.get_running_loop()
    return [task for task in _started if task.get_loop() is loop and not _stopped(task)]


def _stopped(task: "asyncio.Task[None]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is None)
