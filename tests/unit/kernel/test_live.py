"""A process that starts asks a busy database again, and says in the end that it does not answer."""

from typing import Any, cast

import pytest

from services.kernel.db import Database
from services.kernel.live import LiveState


class Busy:
    """A database that lets so many callers wait in vain."""

    def __init__(self, times: int) -> None:
        self.times = times

    async def peek(self, statement: Any) -> Any:
        """The clock stands an hour ahead; nothing is revoked."""
        self.times -= 1
        if self.times >= 0:
            raise TimeoutError
        return (3600, [], [])


async def test_a_busy_database_is_asked_again_at_the_start() -> None:
    live = LiveState(cast(Database, Busy(LiveState.TRIES_AT_START - 1)))
    await live.start()
    assert live.offset.total_seconds() == 3600
    await live.stop()


async def test_a_database_that_never_answers_ends_the_start() -> None:
    with pytest.raises(TimeoutError):
        await LiveState(cast(Database, Busy(LiveState.TRIES_AT_START))).start()
