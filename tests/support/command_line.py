"""`kith …` in tests: each command is a process of its own, forked from one that has imported the product already.

Importing is nearly all that most commands cost. `python -m tests.support.command_line SOCKET` waits for commands, and
ends when its standard input does, which is when who started it has ended.
"""

import asyncio
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from services.cli import manifests
from services.cli.local.keep import ensure_secrets
from services.kernel import failpoints
from tests.support.wait import until

_started: list[asyncio.Task[Path]] = []
"""The start of this process's one. Who asks while it starts waits for the same."""
_processes: list[asyncio.subprocess.Process] = []
"""Kept: the end of one's standard input is the end of it."""


async def kith(*words: str, folder: Path, url: str, **env: str) -> tuple[int, list[dict[str, Any]], str]:
    """Runs a command with `--json` over a database: its status, what it printed, and its complaints."""
    settings = {**ensure_secrets(folder), "KITH_DATA_DIR": str(folder), "KITH_DATABASE_URL": url, **env}
    status, out, err = await run(*words, "--json", env={**os.environ, **settings})
    return status, [json.loads(line) for line in out.splitlines()], err


async def run(*words: str, env: Mapping[str, str]) -> tuple[int, str, str]:
    """Runs a command with these variables and no others: its status, its output, its complaints."""
    ended = await (await fork(*words, env=env)).ended
    return ended.status, ended.out, ended.err


class Ended(NamedTuple):
    """What a process left: its status (negative: the signal that ended it), its output, its complaints."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Forked:
    """A process that runs, to be waited for or killed like one of asyncio's."""

    pid: int
    ended: asyncio.Task[Ended]

    @property
    def returncode(self) -> int | None:
        """Its status, or None while it runs."""
        return self.ended.result().status if self.ended.done() else None

    async def wait(self) -> int:
        """Its status, when it has ended."""
        return (await asyncio.shield(self.ended)).status

    def send_signal(self, number: signal.Signals) -> None:
        """Sends it a signal, unless it has ended."""
        if not self.ended.done():
            with suppress(ProcessLookupError):  # it has ended, which is not known here yet
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it as `kill -9` does."""
        self.send_signal(signal.SIGKILL)


async def fork(*words: str, env: Mapping[str, str], module: str = "services") -> Forked:
    """Starts `python -m module words…` with these variables and no others. It does not outlast who asked for it."""
    reader, writer = await asyncio.open_unix_connection(str(await _address()), limit=2**26)
    request = {"module": module, "words": words, "env": dict(env), "folder": str(Path.cwd())}
    writer.write(json.dumps(request).encode() + b"\n")
    try:
        pid = int(await reader.readline())
    except BaseException:
        writer.close()
        raise

    async def end() -> Ended:
        try:
            return Ended(**json.loads(await reader.readline()))
        finally:
            writer.close()

    return Forked(pid, asyncio.create_task(end()))


async def _address() -> Path:
    if not _started:
        _started.append(asyncio.create_task(_start()))
    return await asyncio.shield(_started[0])


async def _start() -> Path:
    address = Path(tempfile.mkdtemp(prefix="kith-cli-")) / "socket"
    argv = (sys.executable, "-m", "tests.support.command_line", str(address))
    process = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.PIPE)
    _processes.append(process)
    await until(lambda: address.exists() or process.returncode is not None, within=120, what="the command line")
    return address


def serve(address: Path) -> None:
    """Imports everything once, then answers each connection from a fork."""
    for name in ("services.cli.app", "services.kernel.runner", "uvloop", "tests.support.toy"):
        import_module(name)
    manifests.load_all()
    gc.freeze()  # what all forks share is not looked through, and not copied, by each
    draft = address.with_suffix(".draft")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(draft))
        listening.listen(16)
        draft.rename(address)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([listening, sys.stdin], [], [])
            if sys.stdin in ready:
                address.unlink()
                address.parent.rmdir()
                return
            connection, _ = listening.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(connection)
                os._exit(0)
            connection.close()


def _answer(connection: socket.socket) -> None:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, connection.makefile("rwb") as line:
        request = json.loads(line.readline())
        if (child := os.fork()) == 0:
            _become(request, out.fileno(), err.fileno())
        line.write(b"%d\n" % child)
        line.flush()
        ready, _, _ = select.select([os.pidfd_open(child), connection.fileno()], [], [])
        if connection.fileno() in ready:  # who asked has gone
            os.kill(child, signal.SIGKILL)
        _, ended = os.waitpid(child, 0)
        printed = []
        for file in (out, err):
            file.seek(0)
            printed.append(file.read().decode())
        answer = {"status": os.waitstatus_to_exitcode(ended), "out": printed[0], "err": printed[1]}
        line.write(json.dumps(answer).encode() + b"\n")


def _become(request: dict[str, Any], out: int, err: int) -> None:
    """Is the command from here on; the interpreter ends as it does for `python -m`."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.environ.clear()
    os.environ.update(request["env"])
    failpoints.configure(os.environ.get("KITH_FAILPOINTS", ""))
    os.chdir(request["folder"])
    sys.argv = ["kith", *request["words"]]
    runpy.run_module(request["module"], run_name="__main__")
    sys.exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
