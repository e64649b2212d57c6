"""Work that talks to somebody outside: written with its cause, done outside of transactions, its outcome noted."""

from services.kernel.work.kinds import Again, Done, GiveUp, NewTask, Outcome, Task, TaskKind
from services.kernel.work.sql import add_tasks

__all__ = ["Again", "Done", "GiveUp", "NewTask", "Outcome", "Task", "TaskKind", "add_tasks"]
