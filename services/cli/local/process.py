"""Child processes of the starters: each in its own session, ended with its parent, stopped in steps.

What a child is for, and whether it is started again, is the caller's business.
"""

import asyncio
import ctypes
import os
import pwd
import random
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class StartFailed(Exception):
    """A program did not come up. The text says which, why, and where its log is."""


def spawn(
    argv: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
    last_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Starts a program whose output goes to the end of `log`.

    It gets a session of its own, so that Ctrl-C at the terminal reaches the starter alone. Where the kernel can do it
    (Linux), it receives `last_signal` when its starter dies by any means: nothing is left behind by a `kill -9`. That
    follows the *thread* that calls this, so call it from the main thread. `user` drops root's rights to that account.
    """
    account = pwd.getpwnam(user) if user else None
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_tie_to_parent(last_signal),  # one system call, loaded before the fork
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )


def _tie_to_parent(last_signal: signal.Signals) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    parent = os.getpid()

    def tie() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(last_signal))
        if os.getppid() != parent:  # it died between the fork and here
            os._exit(1)

    return tie


async def stop(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> int:
    """Asks a child to end, more sternly at each step (signal, seconds to wait), at last kills it; gives its status."""
    for name, patience in steps:
        if process.poll() is not None:
            break
        process.send_signal(name)
        if await exited(process, within=patience):
            break
    if process.poll() is None:
        process.kill()
        await exited(process, within=10)
    return process.wait()


async def exited(process: subprocess.Popen[bytes], *, within: float) -> bool:
    """Whether the child ends within so many seconds."""
    return await becomes(lambda: process.poll() is not None, within=within)


async def becomes(condition: Callable[[], bool], *, within: float, every: float = 0.02) -> bool:
    """Polls a condition of the world outside until it holds (True) or the time is over (False)."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + within
    while not condition():
        if clock() >= deadline:
            return False
        await asyncio.sleep(every)
    return True


def is_alive(pid: int) -> bool:
    """Whether a process with this number exists and is not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state != "Z"


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody listens on now.

    It lies below those that systems give to outgoing connections, one of which could take it before our child does.
    """
    while True:
        port = random.randint(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port


def is_listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log file, for an error text."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])


def make_traversable(path: Path) -> None:
    """Lets other accounts pass (not list, not read) the folders above `path`, where we own them.

    Root's children with dropped rights need it: a checkout below a private home would otherwise be out of their reach.
    """
    for folder in path.resolve().parents:
        state = folder.stat()
        if not state.st_mode & stat.S_IXOTH and state.st_uid == os.geteuid():
            folder.chmod(stat.S_IMODE(state.st_mode) | stat.S_IXOTH)
