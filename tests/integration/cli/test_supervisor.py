"""The supervisor: starts what dies, names it, leaves what is held, stops all in reverse order."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.local import process
from services.cli.local.process import StartFailed
from services.cli.split.supervise import Supervisor
from tests.support.wait import until


class Sleeper:
    """A child that does nothing until it is told to end."""

    def __init__(self, name: str, folder: Path, ended: list[str]) -> None:
        self.name = name
        self.refuses = False
        self._log = folder / f"{name}.log"
        self._ended = ended
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    async def start(self) -> None:
        if self.refuses:
            raise StartFailed("it does not want to")
        self._child = process.spawn([sys.executable, "-c", "import signal; signal.pause()"], log=self._log)

    async def stop(self) -> None:
        if self._child is not None:
            self._ended.append(self.name)
            await process.stop(self._child, (signal.SIGTERM, 10))


class Scene:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reported: list[str] = []
        self.ended: list[str] = []
        self.supervisor = Supervisor(folder, say=self.reported.append)

    def child(self, name: str) -> Sleeper:
        return Sleeper(name, self.folder, self.ended)

    def pid_in_file(self, name: str) -> int | None:
        try:
            return int((self.folder / f"{name}.pid").read_text())
        except FileNotFoundError:
            return None

    def has_reported(self, text: str) -> bool:
        return any(text in line for line in self.reported)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    await scene.supervisor.stop()


async def test_a_child_that_is_killed_is_started_again_and_named(scene: Scene) -> None:
    child = scene.child("links-1")
    await scene.supervisor.start([child])
    first = scene.pid_in_file("links-1")
    assert first is not None
    os.kill(first, signal.SIGKILL)

    await until(lambda: scene.pid_in_file("links-1") not in {None, first}, what="a new process")
    assert scene.has_reported("links-1 has died")
    await until(lambda: scene.has_reported("links-1 is back"))
    assert scene.supervisor.restarts == {"links-1": 1}


async def test_a_held_child_stays_dead_until_it_is_released(scene: Scene) -> None:
    child = scene.child("kafka")
    await scene.supervisor.start([child])
    hold = scene.folder / "kafka.hold"
    hold.touch()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: scene.has_reported("kafka has died"))
    await until(lambda: scene.pid_in_file("kafka") is None)

    hold.unlink()
    await until(lambda: child.pid is not None, what="the child's return")


async def test_a_child_that_does_not_start_is_tried_again(scene: Scene) -> None:
    child = scene.child("caddy")
    await scene.supervisor.start([child])
    child.refuses = True
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: scene.has_reported("caddy does not start"))

    child.refuses = False
    await until(lambda: child.pid is not None, what="the child's return")


async def test_a_restart_on_purpose_is_not_taken_for_a_death(scene: Scene) -> None:
    child = scene.child("rewards-1")
    await scene.supervisor.start([child])
    first = child.pid
    await scene.supervisor.restart(child)
    assert scene.pid_in_file("rewards-1") == child.pid != first
    assert not scene.has_reported("died")


async def test_children_end_in_reverse_order_and_replicas_together(scene: Scene) -> None:
    for stage in (["postgres"], ["kafka"], ["links-1", "links-2", "rewards-1"], ["caddy"]):
        await scene.supervisor.start([scene.child(name) for name in stage])
    await scene.supervisor.stop()
    assert scene.ended[0] == "caddy"
    assert set(scene.ended[1:4]) == {"links-1", "links-2", "rewards-1"}
    assert scene.ended[4:] == ["kafka", "postgres"]
    assert list(scene.folder.glob("*.pid")) == []


async def test_a_child_dies_with_its_starter(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from services.cli.local import process;"
        "child = process.spawn([sys.executable, '-c', 'import signal; signal.pause()'], log=Path(sys.argv[1]) / 'log');"
        "(Path(sys.argv[1]) / 'pid.draft').write_text(str(child.pid));"
        "(Path(sys.argv[1]) / 'pid.draft').rename(Path(sys.argv[1]) / 'pid'); time.sleep(60)"
    )
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(tmp_path))
    await until(lambda: (tmp_path / "pid").exists(), what="the grandchild's number")
    grandchild = int((tmp_path / "pid").read_text())
    starter.kill()
    await starter.wait()
    await until(lambda: not process.is_alive(grandchild), what="the grandchild's end")
