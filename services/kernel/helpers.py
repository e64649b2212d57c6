"""Work that takes the processor for seconds is done by helpers: processes beside this one, each with one object whose
methods are called from here.

A helper listens on its standard input and answers on its standard output. When this process ends, however it does, that
input ends too, and the helper with it.
"""

import asyncio
import gc
import os
import pickle
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import IO, Any, Final

_LENGTH: Final = 8
_NICE: Final = 5
"""How far a helper stands back behind those who answer requests."""


class HelperFailed(RuntimeError):
    """A helper ended, or its object raised: then with what it said."""


class Helper:
    """One of them. It does one thing at a time, in the order in which it was asked."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    async def call(self, method: str, *arguments: object) -> Any:
        """What its object's method returns. Arguments and result are copied. Raises `HelperFailed`."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise HelperFailed("the helper has no pipes")
        async with self._turn:
            try:
                message = await asyncio.to_thread(pickle.dumps, (method, arguments))
                stdin.write(len(message).to_bytes(_LENGTH, "big"))
                stdin.write(message)
                await stdin.drain()
                length = int.from_bytes(await stdout.readexactly(_LENGTH), "big")
                answer = await stdout.readexactly(length)
            except (OSError, asyncio.IncompleteReadError):
                raise HelperFailed(f"the helper ended while it was at {method}") from None
            except asyncio.CancelledError:
                self._process.kill()  # its answer would be taken for the next one's
                raise
        # Both ends are ours: nobody else can write into the pipe.
        well, found = await asyncio.to_thread(pickle.loads, answer)
        if not well:
            raise HelperFailed(f"{method}: {found}")
        return found


@asynccontextmanager
async def helpers(made_of: str, count: int) -> AsyncIterator[list[Helper]]:
    """So many helpers, each with an object of its own: `made_of` is its class, as `package.module:Name`, which takes no
    arguments. They end with the block.
    """
    processes: list[asyncio.subprocess.Process] = []
    try:
        while len(processes) < count:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", __name__, made_of),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            processes.append(process)
        yield [Helper(process) for process in processes]
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
        for process in processes:
            await process.wait()


def _serve(made_of: str, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    module, _, name = made_of.partition(":")
    subject = getattr(import_module(module), name)()
    # What it holds at a time is many small things without circles: to look for those again and again costs a third.
    gc.freeze()
    gc.set_threshold(1_000_000)
    while head := incoming.read(_LENGTH):
        method, arguments = pickle.loads(incoming.read(int.from_bytes(head, "big")))  # noqa: S301  # from who started us
        try:
            answer = (True, getattr(subject, method)(*arguments))
        except Exception as error:
            answer = (False, f"{type(error).__name__}: {error}")
        message = pickle.dumps(answer)
        outgoing.write(len(message).to_bytes(_LENGTH, "big"))
        outgoing.write(message)
        outgoing.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; who asks us ends us
    os.nice(_NICE)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    _serve(sys.argv[1], sys.stdin.buffer, answers)
