"""Many callers, one commit: items that arrive within a moment are written together; each caller waits for the commit.

`write` gets a list of items, does one transaction, and returns one result per item, in order; a result that is an
exception is raised to that item's caller. A batch that fails as a whole, for a reason that does not pass, is written
again item by item, so that one bad item fails alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

import structlog

from services.kernel import failpoints, vital
from services.kernel.db import is_transient
from services.kernel.errors import Unavailable
from services.kernel.telemetry import BATCH_ITEMS, describe

Item = TypeVar("Item")
Result = TypeVar("Result")
_Waiting = tuple[Item, "asyncio.Future[Result]"]
"""An item, and its caller's future."""


class GroupCommit(Generic[Item, Result]):
    """A queue with an end, and writers that empty it. Open it with `async with`, or `start` and `stop`.

    A writer works for many callers at once, so it has nobody's trace: what is to continue one has it in the item.
    """

    PATIENCE_S = 0.02
    PASSING_ATTEMPTS = 2
    """A deadlock or a connection found broken is worth one more attempt before callers know of it."""

    def __init__(
        self,
        write: Callable[[list[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        name: str = "batch",
        linger_s: float = 0.002,
        max_items: int = 500,
        max_waiting: int = 10_000,
        writers: int = 2,
    ) -> None:
        self._write = write
        self._linger_s = linger_s
        self._max_items = max_items
        self._max_waiting = max_waiting
        self._writers = writers
        self._queue: deque[_Waiting[Item, Result]] = deque()
        self._filled = asyncio.Event()
        self._rest = asyncio.Event()
        """No writer is at work."""
        self._rest.set()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._items = BATCH_ITEMS.labels(name)
        self._log = structlog.get_logger().bind(name=name)

    async def __aenter__(self) -> "GroupCommit[Item, Result]":
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def start(self) -> None:
        """Begins to write."""
        self._tasks = [vital.start(self._run(), name="group-commit") for _ in range(self._writers)]

    async def stop(self) -> None:
        """Writes what waits, then ends. Further items are refused."""
        self._stopping = True
        self._filled.set()
        await asyncio.gather(*self._tasks)

    async def submit(self, item: Item) -> Result:
        """Returns the item's result after its commit; raises as `enqueue` says."""
        return await self.enqueue(item)

    def enqueue(self, item: Item) -> "asyncio.Future[Result]":
        """Takes the item in; the future has its result after its commit.

        Raises `Unavailable` when the queue is full, the process stops or the database is away: then nothing is known to
        be written, and the same item may be sent again. The item of a caller that is cancelled is written or not.
        """
        if self._stopping or len(self._queue) >= self._max_waiting:
            raise Unavailable("Too much is waiting to be written; try again in a moment.")
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((item, future))
        self._filled.set()
        return future

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            if self._linger_s and not self._stopping and len(self._queue) < self._max_items:
                await asyncio.sleep(self._linger_s)
                await self._until_rest()
            taken = self._take()
            if taken:
                self._rest.clear()
                try:
                    await self._commit(taken)
                finally:
                    self._rest.set()
            elif self._stopping:
                return

    async def _until_rest(self) -> None:
        """While another writer is at work, items gather: one commit of many costs half of two. Not for long: that one
        may wait for a lock that its items alone are after.
        """
        if not self._rest.is_set() and not self._stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rest.wait(), self.PATIENCE_S)

    def _take(self) -> "list[_Waiting[Item, Result]]":
        taken: list[_Waiting[Item, Result]] = []
        queue = self._queue
        while queue and len(taken) < self._max_items:
            waiting = queue.popleft()
            if not waiting[1].done():
                taken.append(waiting)
        if not queue and not self._stopping:
            self._filled.clear()
        return taken

    async def _commit(self, taken: "list[_Waiting[Item, Result]]") -> None:
        self._items.observe(len(taken))
        for attempt in range(1, self.PASSING_ATTEMPTS + 1):
            try:
                failpoints.hit("batch.before_write")
                results = await self._write([item for item, _ in taken])
                failpoints.hit("batch.after_write")
                if len(results) != len(taken):
                    raise RuntimeError(f"{len(taken)} items were written and {len(results)} results came back")
                for (_, future), result in zip(taken, results, strict=True):
                    _settle(future, result)
                return
            except Exception as error:
                failure = error
                if not is_transient(error):
                    break
                self._log.warning("batch.retry", attempts=attempt, count=len(taken), **describe(error))
            except BaseException:
                for _, future in taken:
                    _settle(future, Unavailable("The process is stopping."))
                raise
        if is_transient(failure):
            for _, future in taken:
                _settle(future, Unavailable("The database cannot be reached; try again in a moment."))
        elif len(taken) == 1:
            _settle(taken[0][1], failure)
        else:
            self._log.warning("batch.split", count=len(taken), **describe(failure))
            for waiting in taken:
                await self._commit([waiting])


def _settle(future: "asyncio.Future[Any]", result: Any) -> None:
    if future.done():  # its caller has gone
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
