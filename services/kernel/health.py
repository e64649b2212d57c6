"""What a process says of itself: alive (its loop turns), ready (it can do its work now), and whether it makes progress.

A bus that is away does not make a process unready: the outbox takes what the bus would. A consumer that is behind,
without an error and without moving, is stuck, and the runner ends the process so that it is started afresh.
"""

import asyncio
import re
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from services.kernel.consume import Consumer
from services.kernel.db import Database
from services.kernel.service import Service

PING_S = 1.0
STUCK_S = 120.0

_VERSION = "select version_num from migrations"
_REVISION = re.compile(r"^revision\b[^=]*= [\"'](.+?)[\"']", re.MULTILINE)
_FOLLOWS = re.compile(r"^down_revision\b[^=]*= [\"'](.+?)[\"']", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `detail` says what is wrong, for an operator; `done` how far it has come, from 0 to 1."""

    name: str
    ok: bool
    detail: str = ""
    done: float | None = None

    def as_json(self) -> dict[str, object]:
        """What `/readyz` says of it."""
        shown: dict[str, object] = {"name": self.name, "ok": self.ok}
        if self.detail:
            shown["detail"] = self.detail
        if self.done is not None:
            shown["done"] = round(self.done, 3)
        return shown


class SchemaVersions:
    """The migrations that this build knows, of one service.

    Read from the files' text: a process that only asks for versions need not load the migration tool.
    """

    def __init__(self, service: Service) -> None:
        texts = [path.read_text() for path in sorted((service.folder / "migrations").glob("[0-9]*.py"))]
        known = {name for text in texts for name in _REVISION.findall(text)}
        self.older = {name for text in texts for name in _FOLLOWS.findall(text)}
        heads = known - self.older
        if len(heads) > 1:
            raise ValueError(f"{service.name} has several newest migrations: {', '.join(sorted(heads))}")
        self.head = next(iter(heads), None)

    def fits(self, found: str | None) -> bool:
        """A newer schema fits too: migrations add before they take away, so that versions can run side by side."""
        return found == self.head or (found is not None and found not in self.older)


class Health:
    """The checks of one process."""

    def __init__(self) -> None:
        self.started = False
        self.draining = False
        self.extra: list[Callable[[], Check]] = []
        """Further conditions of readiness, such as a history that is still being loaded."""
        self.clocks: dict[str, Callable[[], int]] = {}
        """Each service's demo offset in seconds, shown by `/readyz`: who moves the clock waits until all have
        noticed.
        """
        self._services: list[tuple[Service, Database, SchemaVersions]] = []
        self._consumers: list[Consumer] = []
        self._schemas: dict[str, Check] = {}

    def watch(self, service: Service, db: Database, consumers: Sequence[Consumer]) -> None:
        """Adds a service to what is looked at."""
        self._services.append((service, db, SchemaVersions(service)))
        self._consumers.extend(consumers)

    async def ready(self, *, exclude: Collection[str] = ()) -> list[Check]:
        """All findings but those of an excluded name, whichever service's; the process is ready if every one is well.

        Whoever shares requests out excludes `database`: one that is away is away for all replicas, and taking all of
        them out of service would lose what they can do without it.
        """
        checks = [
            Check("started", self.started, "" if self.started else "still starting"),
            Check("serving", not self.draining, "shutting down" if self.draining else ""),
            *(extra() for extra in self.extra),
        ]
        for found in await asyncio.gather(*(self._database(*entry) for entry in self._services)):
            checks += found
        return [check for check in checks if check.name.rpartition(".")[2] not in exclude]

    def stuck(self) -> list[str]:
        """Groups that are behind, report no error and have not moved for a long time."""
        now = time.monotonic()
        return [
            consumer.group
            for consumer in self._consumers
            if (progress := consumer.progress).behind > 0
            and progress.error is None
            and now - progress.moved_at > STUCK_S
        ]

    async def _database(self, service: Service, db: Database, versions: SchemaVersions) -> tuple[Check, Check]:
        """Whether it answers, and whether its schema fits; of one that does not answer, what was seen last."""
        try:
            async with asyncio.timeout(PING_S):
                row = await db.peek(_VERSION)
        except Exception as error:
            away = Check(f"{service.name}.database", False, f"cannot be read ({type(error).__name__})")
            return away, self._schemas.get(service.name, Check(f"{service.name}.schema", True))
        found = row[0] if row else None
        fits = versions.fits(found)
        detail = "" if fits else f"is at {found}, this build needs {versions.head}: run `kith migrate`"
        schema = self._schemas[service.name] = Check(f"{service.name}.schema", fits, detail)
        return Check(f"{service.name}.database", True), schema
