"""Keeps child processes running: starts them in stages, starts again whichever dies, stops them in reverse order.

For each child `<folder>/<name>.pid` holds its number while it runs. While `<folder>/<name>.hold` exists a dead child
is left dead, so that an outage can be tried by hand.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from services.cli.local.process import StartFailed

_LOOK_S = 0.1
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_SETTLED_S = 10.0
"""A child that lived this long starts again at once; one that keeps dying waits longer each time."""


class Child(Protocol):
    """A process that can be started, any number of times, and stopped."""

    @property
    def name(self) -> str:
        """What people call it; the name of its pid file."""
        ...

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        ...

    async def start(self) -> None:
        """Returns when it works. Raises `StartFailed`."""
        ...

    async def stop(self) -> None:
        """Ends it in good order."""
        ...


class Supervisor:
    """The children of one product. `say` tells people what happens to them."""

    def __init__(self, folder: Path, *, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.children: list[Child] = []
        self.restarts: dict[str, int] = {}
        self._say = say
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._on_purpose: set[str] = set()

    async def start(self, stage: Sequence[Child]) -> None:
        """Starts some children side by side and watches them from then on. Raises the first `StartFailed`."""
        self.children.extend(stage)
        results = await asyncio.gather(*(child.start() for child in stage), return_exceptions=True)
        for child in stage:
            self._note(child)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        for child in stage:
            self._watches[child.name] = asyncio.create_task(self._watch(child), name=f"watch-{child.name}")

    async def restart(self, child: Child) -> None:
        """Stops and starts one child on purpose."""
        self._on_purpose.add(child.name)
        try:
            await child.stop()
            await child.start()
            self._note(child)
        finally:
            self._on_purpose.discard(child.name)

    async def stop(self) -> None:
        """Stops all children, the last started first, each after those that need it."""
        for watch in self._watches.values():
            watch.cancel()
        await asyncio.gather(*self._watches.values(), return_exceptions=True)
        self._watches.clear()
        for group in self._backwards():
            await asyncio.gather(*(child.stop() for child in group), return_exceptions=True)
            for child in group:
                self._note(child)
        self.children.clear()

    async def failed(self) -> None:
        """Ends when a watch does, which is a bug: raises what it raised."""
        await asyncio.wait(self._watches.values(), return_when=asyncio.FIRST_COMPLETED)
        for watch in self._watches.values():
            if watch.done():
                watch.result()

    def _backwards(self) -> list[list[Child]]:
        """Children that start side by side (`links-1`, `links-2`, …) stop side by side; the others one by one."""
        groups: list[list[Child]] = []
        for child in reversed(self.children):
            if groups and _is_replica(child) and _is_replica(groups[-1][0]):
                groups[-1].append(child)
            else:
                groups.append([child])
        return groups

    async def _watch(self, child: Child) -> None:
        pause = _FIRST_PAUSE_S
        started = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_S)
            if child.pid is not None or child.name in self._on_purpose:
                continue
            self._note(child)
            if time.monotonic() - started > _SETTLED_S:
                pause = _FIRST_PAUSE_S
            self._say(f"[yellow]{child.name} has died; starting it again[/]")
            await self._release(child)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            started = time.monotonic()
            try:
                await child.start()
            except StartFailed as error:
                self._say(f"[red]{child.name} does not start:[/] {error}")
                continue
            self.restarts[child.name] = self.restarts.get(child.name, 0) + 1
            self._note(child)
            self._say(f"[green]{child.name} is back[/]")

    async def _release(self, child: Child) -> None:
        hold = self.folder / f"{child.name}.hold"
        while hold.exists():
            await asyncio.sleep(_LOOK_S)

    def _note(self, child: Child) -> None:
        """Writes the pid file, or removes it."""
        path = self.folder / f"{child.name}.pid"
        pid = child.pid
        if pid is None:
            with suppress(FileNotFoundError):
                path.unlink()
            return
        draft = path.with_suffix(".draft")
        draft.write_text(f"{pid}\n")
        draft.replace(path)


def _is_replica(child: Child) -> bool:
    return child.name.rpartition("-")[2].isdigit()
