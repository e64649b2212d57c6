"""The stage of a benchmark: a private, durable PostgreSQL, services as processes, a store with links."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from services.cli import catalog
from services.cli.local import process
from services.cli.local.postgres import Postgres
from services.cli.starting import migrate_all
from services.kernel.settings import Settings

DATABASE = "kith"

PROGRAM: dict[str, object] = {
    "name": "Give 10, get 10",
    "currency": "EUR",
    "landing_url": "https://shop.example/",
    "attribution": {"new_customers_only": False},
    "rewards": [
        {
            "name": "friend",
            "to": "friend",
            "which": "every",
            "give": {"kind": "fixed", "amount_minor": 500},
            "hold_days": 14,
        },
        {
            "name": "ambassador",
            "to": "ambassador",
            "which": "every",
            "give": {"kind": "percent", "basis_points": 1000, "of": "subtotal"},
            "pay_as": "cash",
            "hold_days": 14,
        },
    ],
}


@dataclass(frozen=True, slots=True)
class Store:
    """A store that is ready to be clicked and bought in."""

    id: str
    secret_key: str
    publishable_key: str
    program_id: str
    slugs: list[str]
    codes: list[str]


@dataclass(slots=True)
class Stage:
    """What runs, and how to start more on it."""

    folder: Path
    postgres: Postgres
    settings: Settings
    environment: Mapping[str, str]
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        """The owner's address."""
        return self.postgres.url(DATABASE)

    def postgres_pids(self) -> list[int]:
        """The database server's first process."""
        return [pid] if (pid := self.postgres.pid) is not None else []

    async def serve(self, service: str, **more: str) -> tuple[int, int]:
        """Starts one replica of a service, or `all`; returns its port and process number once it is ready."""
        port = process.free_port()
        command = [sys.executable, "-m", "services", "serve", service, "--port", str(port)]
        child = self.spawn(command, more)
        await _until_ok(f"http://127.0.0.1:{port}/readyz", child)
        return port, child.pid

    async def uvicorn(self, app: str, **more: str) -> tuple[int, int]:
        """Starts a baseline on the same server with the same settings."""
        port = process.free_port()
        command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--loop", "uvloop"]
        child = self.spawn([*command, "--http", "httptools", "--no-access-log", "--log-level", "warning"], more)
        await process.becomes(lambda: process.is_listening(port), within=30)
        return port, child.pid

    def spawn(self, command: list[str], more: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Starts a child whose output goes to a log beside the data."""
        log = (self.folder / f"{len(self._children)}.log").open("wb")
        child = subprocess.Popen(command, env={**self.environment, **more}, stdout=log, stderr=log)
        self._children.append(child)
        return child

    def end(self, pid: int) -> None:
        """Ends one child in good order."""
        for child in self._children:
            if child.pid == pid and child.poll() is None:
                child.send_signal(signal.SIGTERM)
                child.wait(timeout=60)

    async def store(self, port: int, *, ambassadors: int = 20) -> Store:
        """Sets a store up through the API of a links replica."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:

            async def post(path: str, body: Mapping[str, object], key: str) -> dict[str, object]:
                answer = await client.post(path, json=dict(body), headers={"Authorization": f"Bearer {key}"})
                answer.raise_for_status()
                return dict(answer.json())

            operator = self.environment["KITH_OPERATOR_KEY"]
            body = {"name": "Bench", "currency": "EUR", "timezone": "UTC", "domains": ["shop.example"], "locale": "en"}
            made = await post("/v1/stores", body, operator)
            key = str(made["secret_key"])
            program = await post("/v1/programs", PROGRAM, key)
            joined = [
                await post("/v1/ambassadors", {"program_id": program["id"], "external_id": f"a{n}"}, key)
                for n in range(ambassadors)
            ]
        return Store(
            id=str(made["id"]),
            secret_key=key,
            publishable_key=str(made["publishable_key"]),
            program_id=str(program["id"]),
            slugs=[entry["link"]["slug"] for entry in joined],  # type: ignore[index]  # the API's own shape
            codes=[entry["code"]["code"] for entry in joined],  # type: ignore[index]  # the API's own shape
        )

    def close(self) -> None:
        """Ends every child."""
        for child in self._children:
            if child.poll() is None:
                child.terminate()
        for child in self._children:
            try:
                child.wait(timeout=30)
            except subprocess.TimeoutExpired:
                child.kill()


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """A migrated PostgreSQL and the environment that services need; everything ends with the block."""
    postgres = Postgres(folder / "postgres", settings={"shared_buffers": "512MB", "max_wal_size": "4GB"})
    await postgres.start()
    await postgres.ensure_databases([DATABASE])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
    environment |= {
        "KITH_DATABASE_URL": postgres.url(DATABASE),
        "KITH_DATA_DIR": str(folder / "data"),
        "KITH_SECRET_KEYS": f"k1:{secrets.token_urlsafe(32)}",
        "KITH_CONTACT_KEY": secrets.token_urlsafe(32),
        "KITH_OPERATOR_KEY": secrets.token_urlsafe(32),
        "KITH_LOG_LEVEL": "warning",
    }
    os.environ.update({name: value for name, value in environment.items() if name.startswith("KITH_")})
    settings = Settings()
    await migrate_all(catalog.load_all(), settings)
    stage = Stage(folder, postgres, settings, environment)
    try:
        yield stage
    finally:
        stage.close()
        await postgres.stop()


async def _until_ok(url: str, child: subprocess.Popen[bytes], *, within: float = 60) -> None:
    async with httpx.AsyncClient(timeout=5) as client:
        deadline = asyncio.get_running_loop().time() + within
        while asyncio.get_running_loop().time() < deadline:
            if child.poll() is not None:
                raise RuntimeError(f"a service ended with {child.returncode}; see its log")
            try:
                if (await client.get(url)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise RuntimeError(f"{url} was not ready within {within:g} s")
