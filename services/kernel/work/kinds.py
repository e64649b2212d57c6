"""What a task is, what a service declares about a kind of them, and what can come of one.

A task says what to do by ids only. Names, addresses and texts are read when it runs, so a person who was erased
meanwhile hears nothing.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from services.kernel.db import Tx

if TYPE_CHECKING:
    from services.kernel.context import Context

Payload: TypeAlias = Mapping[str, str | int | bool | None]
Note: TypeAlias = Callable[[Tx], Awaitable[None]]
"""Writes what the service keeps of an outcome, in the transaction that notes it. Sees the task's store."""

RETRIES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, 24 * 3_600)
)
"""After a failure; the last is about two days after the first attempt."""
JITTER = 0.2
"""A retry comes this share earlier or later, so that tasks which failed together do not come back together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task to be done. The same key of a kind and store, given again, is the same task, also after it is done."""

    kind: str
    store_id: str
    lane: str
    """Who would be held up: an endpoint, an account, a mailbox domain."""
    key: str
    payload: Payload = field(default_factory=dict)
    due: datetime | None = None
    """Not before this moment; None is at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task in a worker's hands."""

    id: int
    kind: str
    store_id: str
    lane: str
    key: str
    payload: Payload
    attempt: int
    """1 for the first. A crash between effect and note brings the same key with the next attempt."""
    failures: int
    """Attempts that came to an end without success, since it was written or an operator had it tried again."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It is done."""

    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """It failed, and may succeed later. Without `after` the kind's schedule says when; at its end the task is given
    up.
    """

    reason: str
    """A constant word; no value, no personal data."""
    after: timedelta | None = None
    """What the partner asked for (`Retry-After`)."""
    hold_lane: bool = False
    """The whole lane waits, and this task keeps its place in it: for partners who are away, and where order counts."""
    failed: bool = True
    """False where the partner only asked to be left in peace for a while: such waits bring no task nearer to its
    end. How many there may be, the task itself must know."""
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """It failed and can never succeed. An operator sees it and may have it tried again."""

    reason: str
    note: Note | None = None


Outcome: TypeAlias = Done | Retry | GiveUp


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskKind:
    """A kind of task in a service's manifest."""

    name: str
    run: Callable[["Context", Task], Awaitable[Outcome]]
    """Does it, outside of any transaction. It may be called again with the same key, so the partner, or a table of the
    service, must recognise the key. What it raises counts as `Retry`."""
    per_lane: int = 1
    """Tasks of a lane at a time. With 1 they start in the order in which they were due."""
    per_store: int = 20
    at_once: int = 100
    """Tasks of the kind at a time, over all workers."""
    deadline_s: float = 15.0
    """For the whole of one run."""
    retries: tuple[timedelta, ...] = RETRIES
    given_up: Callable[[Tx, Task, str], Awaitable[None]] | None = None
    """Writes what the service keeps of a task that is given up, with the reason: also where time ran out, or `run`
    raised. In the transaction that notes it; it sees the task's store."""


def next_wait(kind: TaskKind, failures: int, *, chance: Callable[[], float] = random.random) -> timedelta | None:
    """How long after a failure that had `failures` before it the next attempt comes; None when there is to be none."""
    if failures >= len(kind.retries):
        return None
    return kind.retries[failures] * (1 + JITTER * (2 * chance() - 1))
