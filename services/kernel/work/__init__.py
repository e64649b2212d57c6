"""Work that talks to somebody outside: written with its cause, done outside of transactions, its outcome noted."""

from services.kernel.work.kinds import Done, GiveUp, NewTask, Outcome, Retry, Task, TaskKind
from services.kernel.work.sql import add_tasks, hold, release

__all__ = ["Done", "GiveUp", "NewTask", "Outcome", "Retry", "Task", "TaskKind", "add_tasks", "hold", "release"]
