"""The whole product as a user starts it: `kith run` or `kith split` as a process, with an empty demo store."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

Mode = Literal["run", "split"]


@dataclass(frozen=True, slots=True)
class Product:
    """A running product: where everything is, and how to call it."""

    url: str
    shop_url: str
    link_url: str
    console_url: str
    portal_url: str
    secret_key: str
    publishable_key: str
    operator_key: str
    store_id: str
    folder: Path
    http: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        """A GET with the store's secret key."""
        return await self.http.get(path, headers={"Authorization": f"Bearer {self.secret_key}"})

    async def post(self, path: str, body: object, *, key: str | None = None) -> httpx.Response:
        """A POST with the store's secret key, or another."""
        return await self.http.post(path, json=body, headers={"Authorization": f"Bearer {key or self.secret_key}"})

    async def advance(self, seconds: int) -> None:
        """Moves the demo clock, as the operator."""
        answer = await self.post("/v1/clock", {"advance_seconds": seconds}, key=self.operator_key)
        answer.raise_for_status()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@asynccontextmanager
async def started(mode: Mode, folder: Path, *, history_days: int = 0) -> AsyncIterator[Product]:
    """Starts the product and waits until it says that it is ready; stops it with SIGTERM and waits for the end."""
    port, shop_port = free_ports(2)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
    environment |= {
        "KITH_DEMO": "1",
        "KITH_DEMO_DAYS": str(history_days),
        "KITH_DATA_DIR": str(folder),
        "KITH_PORT": str(port),
        "KITH_SPLIT_PORT": str(port),
        "KITH_SHOP_PORT": str(shop_port),
    }
    log = (folder.parent / f"{folder.name}.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services",
        mode,
        "--json",
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
        start_new_session=True,
    )
    try:
        told = await asyncio.wait_for(_ready(process), timeout=300)
        operator_key = _operator_key(folder)
        async with httpx.AsyncClient(base_url=told["url"], timeout=30) as client:
            fields = {name: told[name] for name in Product.__slots__ if name in told}
            yield Product(**fields, operator_key=operator_key, folder=folder, http=client)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.communicate(), timeout=120)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            log.close()


async def _ready(process: asyncio.subprocess.Process) -> dict[str, str]:
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"{"):
            told = json.loads(line)
            if told.get("ready"):
                return dict(told)
    raise AssertionError(f"the product ended with {await process.wait()} before it was ready; see its log")


def _operator_key(folder: Path) -> str:
    for name in ("secrets.env", "split/secrets.env"):
        path = folder / name
        if path.exists():
            for line in path.read_text().splitlines():
                if line.startswith("KITH_OPERATOR_KEY="):
                    return line.partition("=")[2].strip().strip("'\"")
    raise AssertionError(f"no operator key in {folder}")
