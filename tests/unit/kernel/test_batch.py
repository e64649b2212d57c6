"""Group commit: many callers, one write; each caller hears of its own item."""

import asyncio

import pytest

from services.kernel.batch import GroupCommit
from services.kernel.errors import Unavailable


class Sink:
    """Remembers what was written together; refuses what it is told to."""

    def __init__(self, *, bad: set[int] | None = None, failures: list[Exception] | None = None) -> None:
        self.bad = bad or set()
        self.failures = failures or []
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def write(self, items: list[int]) -> list[int | Exception]:
        await self.open.wait()
        if self.failures:
            raise self.failures.pop(0)
        if self.bad.intersection(items):
            raise ValueError("one of them is bad")
        self.batches.append(items)
        return [item * 10 for item in items]


async def test_items_of_one_moment_are_written_together_and_each_gets_its_result() -> None:
    sink = Sink()
    async with GroupCommit(sink.write) as commit:
        assert await asyncio.gather(*(commit.submit(n) for n in range(50))) == [n * 10 for n in range(50)]
    assert len(sink.batches) <= 2


async def test_one_bad_item_fails_alone() -> None:
    sink = Sink(bad={3})
    async with GroupCommit(sink.write) as commit:
        results = await asyncio.gather(*(commit.submit(n) for n in range(6)), return_exceptions=True)
    assert [r for n, r in enumerate(results) if n != 3] == [0, 10, 20, 40, 50]
    assert isinstance(results[3], ValueError)


async def test_an_exception_among_the_results_is_raised_to_its_caller_only() -> None:
    async def write(items: list[int]) -> list[int | Exception]:
        return [KeyError("no") if item == 1 else item for item in items]

    async with GroupCommit(write) as commit:
        results = await asyncio.gather(*(commit.submit(n) for n in range(3)), return_exceptions=True)
    assert results[0] == 0
    assert isinstance(results[1], KeyError)
    assert results[2] == 2


async def test_a_passing_failure_is_tried_again_and_then_answered_with_unavailable() -> None:
    sink = Sink(failures=[ConnectionError()])
    async with GroupCommit(sink.write) as commit:
        assert await commit.submit(1) == 10
    sink = Sink(failures=[ConnectionError(), ConnectionError()])
    async with GroupCommit(sink.write) as commit:
        with pytest.raises(Unavailable):
            await commit.submit(1)


async def test_a_full_queue_refuses_at_once() -> None:
    sink = Sink()
    sink.open.clear()
    async with GroupCommit(sink.write, linger_s=0, max_items=1, max_waiting=2, writers=1) as commit:
        waiting = [asyncio.create_task(commit.submit(n)) for n in range(4)]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert all(isinstance(task.exception(), Unavailable) for task in done)
        sink.open.set()
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(r, int) for r in results) >= 2


async def test_a_caller_that_goes_away_disturbs_nobody() -> None:
    sink = Sink()
    async with GroupCommit(sink.write, linger_s=0.01) as commit:
        gone = asyncio.create_task(commit.submit(1))
        stays = asyncio.create_task(commit.submit(2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays == 20
    assert sink.batches == [[2]]


async def test_stopping_writes_what_waits() -> None:
    sink = Sink()
    commit = GroupCommit(sink.write, linger_s=0.2)
    commit.start()
    waiting = asyncio.create_task(commit.submit(7))
    await asyncio.sleep(0)
    stopping = asyncio.create_task(commit.stop())
    assert await waiting == 70
    await stopping
    with pytest.raises(Unavailable):
        await commit.submit(8)
