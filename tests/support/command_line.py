"""`kith …` in tests: each command is a process of its own, forked from one that has imported the product already.

Importing is nearly all that most commands cost. `python -m tests.support.command_line SOCKET` waits for commands, and
ends when its standard input does, which is when who started it has ended.
"""

import asyncio
import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.cli.local.keep import ensure_secrets
from tests.support.wait import until

_started: list[tuple[asyncio.subprocess.Process, Path]] = []
"""This process's one."""


async def kith(*words: str, folder: Path, url: str, **env: str) -> tuple[int, list[dict[str, Any]], str]:
    """Runs a command with `--json` over a database: its status, what it printed, and its complaints."""
    settings = {**ensure_secrets(folder), "KITH_DATA_DIR": str(folder), "KITH_DATABASE_URL": url, **env}
    status, out, err = await run(*words, "--json", env={**os.environ, **settings})
    return status, [json.loads(line) for line in out.splitlines()], err


async def run(*words: str, env: Mapping[str, str]) -> tuple[int, str, str]:
    """Runs a command with these variables and no others: its status, its output, its complaints."""
    reader, writer = await asyncio.open_unix_connection(str(await _address()), limit=2**26)
    writer.write(json.dumps({"words": words, "env": dict(env), "folder": str(Path.cwd())}).encode() + b"\n")
    answer = json.loads(await reader.readline())
    writer.close()
    return answer["status"], answer["out"], answer["err"]


async def _address() -> Path:
    if not _started:
        address = Path(tempfile.mkdtemp(prefix="kith-cli-")) / "socket"
        argv = (sys.executable, "-m", "tests.support.command_line", str(address))
        _started.append((await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.PIPE), address))
    [(process, address)] = _started
    await until(lambda: address.exists() or process.returncode is not None, within=120, what="the command line")
    return address


def serve(address: Path) -> None:
    """Imports everything once, then answers each connection from a fork."""
    from services.cli import manifests

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
        _, ended = os.waitpid(child, 0)
        printed = []
        for file in (out, err):
            file.seek(0)
            printed.append(file.read().decode())
        answer = {"status": os.waitstatus_to_exitcode(ended), "out": printed[0], "err": printed[1]}
        line.write(json.dumps(answer).encode() + b"\n")


def _become(request: dict[str, Any], out: int, err: int) -> None:
    """Is the command from here on; the interpreter ends as it does for the console script."""
    from services.cli.app import main

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["folder"])
    sys.argv = ["kith", *request["words"]]
    main()
    sys.exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
