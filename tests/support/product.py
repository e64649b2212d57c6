"""The whole product as its users start it: `kith run` or `kith split` as child processes, on ports of their own.

For tests that drive it from outside, by HTTP or in a browser, and for those that hurt it: the split product's processes
are found by their pid files.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.local import process

ROOT = Path(__file__).resolve().parents[2]
START_S = 240.0
STOP_S = 90.0


@dataclass(frozen=True, slots=True)
class Product:
    """A running product. `told` is what it printed when it was ready: addresses and keys of the demo store."""

    folder: Path
    reported: Mapping[str, Any]
    starter: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """The product's address."""
        return str(self.reported["url"])

    @property
    def operator_key(self) -> str:
        """The operator's key, from the data folder."""
        lines = (self.folder / "secrets.env").read_text().splitlines()
        return next(line.split("=", 1)[1] for line in lines if line.startswith("KITH_OPERATOR_KEY="))

    def pid(self, name: str) -> int:
        """Number of a child of the split product (`links-1`, `kafka`, …). `FileNotFoundError` while it is away."""
        return int((self.folder / "split" / f"{name}.pid").read_text())

    def address(self, name: str) -> str:
        """Where one replica of the split product listens, past the gateway."""
        arguments = Path(f"/proc/{self.pid(name)}/cmdline").read_text().split("\0")
        return f"http://127.0.0.1:{arguments[arguments.index('--port') + 1]}"

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a child of the split product a signal."""
        os.kill(self.pid(name), number)

    def hold(self, name: str) -> None:
        """From now on a dead child stays dead, until `release`."""
        (self.folder / "split" / f"{name}.hold").touch()

    def release(self, name: str) -> None:
        """The supervisor may start it again."""
        (self.folder / "split" / f"{name}.hold").unlink(missing_ok=True)


@asynccontextmanager
async def running(
    mode: str, folder: Path, *, history_days: int = 0, demo: bool = True, env: Mapping[str, str] | None = None
) -> AsyncIterator[Product]:
    """Runs `kith run` or `kith split` (the `mode`) over a data folder until the block ends. Fails with its log."""
    port, shop_port = process.free_port(), process.free_port()
    argv = [sys.executable, "-m", "services", mode, "--json", "--port", str(port), "--shop-port", str(shop_port)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
    settings = {"KITH_DATA_DIR": str(folder), **({"KITH_DEMO": "1"} if demo else {})}
    log = folder.with_name(f"{folder.name}-{mode}.log")
    log.unlink(missing_ok=True)
    starter = process.spawn(
        [*argv, "--history", str(history_days)], log=log, cwd=ROOT, env={**clean, **settings, **(env or {})}
    )
    try:
        yield Product(folder, await _ready(starter, log), starter)
    finally:
        await process.stop(starter, (signal.SIGTERM, STOP_S))


async def _ready(starter: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    deadline = asyncio.get_running_loop().time() + START_S
    while asyncio.get_running_loop().time() < deadline and starter.poll() is None:
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith('{"ready": true'):
                reported: dict[str, Any] = json.loads(line)
                return reported
        await asyncio.sleep(0.1)
    raise AssertionError(f"the product did not become ready ({starter.poll()}):\n{process.tail(log, 60)}")
