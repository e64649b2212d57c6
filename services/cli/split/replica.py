"""One `kith …` process as a supervised child, ready when its `/readyz` says so."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from services.cli.local import process
from services.cli.local.process import StartFailed

START_S = 180.0
"""A whole product that starts at once on a small machine takes its time; one that ends says so at once."""
STOP_S = 45.0
"""Longer than a service may take to finish its requests and drain its spools."""


class Replica:
    """A child that runs a `kith` command and serves HTTP on `port`."""

    def __init__(
        self,
        name: str,
        *command: str,
        port: int,
        env: Mapping[str, str],
        log: Path,
        ready: str = "/readyz",
        host: str = "127.0.0.1",
    ) -> None:
        self._name = name
        self._command = command
        self._env = env
        self._log = log
        self._ready = ready
        self.address = f"{host}:{port}"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return self._name

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    async def start(self) -> None:
        """Returns when it is ready. Raises `StartFailed` when it ends before that, or takes too long."""
        argv = [sys.executable, "-m", "services", *self._command]
        self._child = process.spawn(argv, log=self._log, env=self._env)
        clock = asyncio.get_running_loop().time
        deadline = clock() + START_S
        async with httpx.AsyncClient(base_url=f"http://{self.address}", timeout=2, trust_env=False) as client:
            while not await self._is_ready(client):
                if self._child.poll() is not None:
                    raise StartFailed(f"it ended at once; the end of {self._log}:\n{process.tail(self._log)}")
                if clock() >= deadline:
                    raise StartFailed(
                        f"it was not ready in {START_S:g} s; the end of {self._log}:\n{process.tail(self._log)}"
                    )
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """Lets it finish what it has in hand."""
        if self._child is not None:
            await process.stop(self._child, (signal.SIGTERM, STOP_S))
            self._child = None

    async def _is_ready(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(self._ready)).status_code == 200
        except httpx.HTTPError:
            return False
