"""The stage of a benchmark: a private, durable PostgreSQL, services as processes, a store with links."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil

from services.cli import manifests
from services.cli.local import process
from services.cli.local.kafka import Kafka
from services.cli.local.postgres import OWNER, Postgres
from services.cli.starting import migrate_all
from services.kernel.settings import Settings

DATABASE = "kith"
_PATTERN = "kith_pattern"
"""A migrated, empty database that every stage's is a copy of."""

REWARDS: list[dict[str, object]] = [
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
]
PROGRAM: dict[str, object] = {
    "name": "Give 10, get 10",
    "currency": "EUR",
    "landing_url": "https://shop.example/",
    "attribution": {"new_customers_only": False},
    "rewards": REWARDS,
}


LIMITED: dict[str, object] = {
    **PROGRAM,
    "name": "Give 10, get 10, so much a month",
    "rewards": [
        REWARDS[0],
        {**REWARDS[1], "limits": {"per_ambassador": {"amount_minor": 50_000, "period": "month"}}},
    ],
}
"""The same with a limit for each ambassador, which the best of them reach."""
_BATCH = 500


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
    """One database, what runs on it, and how to start more. All stages of a run share the database server."""

    folder: Path
    postgres: Postgres
    database: str
    settings: Settings
    environment: Mapping[str, str]
    kafka: Kafka | None = None
    running: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Replicas by service: port and process number of each."""
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _beside: list["Stage"] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        """The owner's address."""
        return self.postgres.url(self.database)

    async def beside(self, name: str, kafka: Kafka | None = None) -> "Stage":
        """Another stage on the same server: a database of its own, and its own bus."""
        stage = await _prepare(self.folder / name, self.postgres, name, kafka)
        self._beside.append(stage)
        return stage

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection with all rights, for looking on and for filling tables."""
        connection = await self.postgres.connect(self.database)
        try:
            yield connection
        finally:
            await connection.close()

    def broker_pids(self) -> list[int]:
        """The broker's process, if the bus is Kafka."""
        return [self.kafka.pid] if self.kafka is not None and self.kafka.pid is not None else []

    def postgres_pids(self) -> list[int]:
        """The database server's first process."""
        return [pid] if (pid := self.postgres.pid) is not None else []

    def session_pids(self) -> list[int]:
        """The server's processes that work for this database's sessions. What it has for all databases together
        (checkpoints, the log's writer, autovacuum) is not among them.
        """
        children = [child for pid in self.postgres_pids() for child in psutil.Process(pid).children()]
        return [child.pid for child in children if f" {self.database} [local]" in _title(child)]

    async def serve(self, service: str, *, program: str = "services", **more: str) -> tuple[int, int]:
        """Starts one replica of a service, or `all`; returns its port and process number once it is ready."""
        port = process.free_port()
        command = [sys.executable, "-m", program, "serve", service, "--port", str(port)]
        child = self.spawn(command, more)
        await _until_ok(f"http://127.0.0.1:{port}/readyz", child)
        self.running.setdefault(service, []).append((port, child.pid))
        return port, child.pid

    async def uvicorn(
        self, app: str, *, loop: str = "uvloop", parser: str = "httptools", **more: str
    ) -> tuple[int, int]:
        """Starts a baseline on the same server, by default with the same settings."""
        port = process.free_port()
        command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--loop", loop]
        child = self.spawn([*command, "--http", parser, "--no-access-log", "--log-level", "warning"], more)
        await process.becomes(lambda: process.is_listening(port), within=30)
        return port, child.pid

    def spawn(self, command: list[str], more: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Starts a child whose output goes to a log beside the data."""
        log = (self.folder / f"{secrets.token_hex(3)}.log").open("wb")
        child = subprocess.Popen(command, env={**self.environment, **more}, stdout=log, stderr=log)
        self._children.append(child)
        return child

    def end(self, pid: int) -> None:
        """Ends one child in good order."""
        for child in self._children:
            if child.pid == pid and child.poll() is None:
                child.send_signal(signal.SIGTERM)
                child.wait(timeout=60)

    async def store(
        self,
        port: int,
        *,
        ambassadors: int = 20,
        program: Mapping[str, object] = PROGRAM,
        person: Callable[[int], Mapping[str, object]] = lambda number: {},
    ) -> Store:
        """Sets a store up through the API of a links replica. `person` is what is known of an ambassador by number."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:

            async def post(path: str, body: Mapping[str, object], key: str) -> dict[str, Any]:
                answer = await client.post(path, json=dict(body), headers={"Authorization": f"Bearer {key}"})
                answer.raise_for_status()
                return dict(answer.json())

            operator = self.environment["KITH_OPERATOR_KEY"]
            body = {"name": "Bench", "currency": "EUR", "timezone": "UTC", "domains": ["shop.example"], "locale": "en"}
            made = await post("/v1/stores", body, operator)
            key = str(made["secret_key"])
            running = await post("/v1/programs", program, key)
            joined: list[dict[str, Any]] = []
            for start in range(0, ambassadors, _BATCH):
                some = range(start, min(start + _BATCH, ambassadors))
                people = [{"program_id": running["id"], "external_id": f"a{n}", **person(n)} for n in some]
                batch = await post("/v1/ambassadors/batches", {"ambassadors": people}, key)
                joined += [item["ambassador"] for item in batch["data"]]
        return Store(
            id=str(made["id"]),
            secret_key=key,
            publishable_key=str(made["publishable_key"]),
            program_id=str(running["id"]),
            slugs=[entry["link"]["slug"] for entry in joined],
            codes=[entry["code"]["code"] for entry in joined],
        )

    async def stores(
        self, port: int, count: int, *, ambassadors: int, program: Mapping[str, object] = PROGRAM
    ) -> list[Store]:
        """Several stores at once, known to every service when this returns."""
        gate = asyncio.Semaphore(8)

        async def one() -> Store:
            async with gate:
                return await self.store(port, ambassadors=ambassadors, program=program)

        made = await asyncio.gather(*(one() for _ in range(count)))
        await self.known(made)
        return made

    async def known(self, stores: Sequence[Store]) -> None:
        """Waits until the catalog of these stores has reached the services that decide and count."""
        ids = [store.id for store in stores]
        people = sum(len(store.codes) for store in stores)
        wanted = {
            "attribution.codes": people,
            "analytics.ambassadors": people,
            "rewards.programs": len(stores),
            "rewards.stores": len(stores),
        }
        async with self.connected() as connection:
            for table, count in wanted.items():
                query = f"select count(*) from {table} where store_id = any($1)"
                await until(partial(_reaches, connection, query, ids, count), within=120)

    def end_all(self) -> None:
        """Ends every child."""
        for child in self._children:
            if child.poll() is None:
                child.terminate()
        for child in self._children:
            try:
                child.wait(timeout=30)
            except subprocess.TimeoutExpired:
                child.kill()
        self._children.clear()
        self.running.clear()

    def close(self) -> None:
        """Ends every child of this stage and of those beside it."""
        for stage in (*self._beside, self):
            stage.end_all()


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


async def until(condition: Callable[[], Awaitable[bool]], *, within: float, every: float = 0.05) -> None:
    """Polls until the condition holds. Raises `TimeoutError` if that takes too long."""
    async with asyncio.timeout(within):
        while not await condition():
            await asyncio.sleep(every)


_AT_REST = """
select not exists (select from links.outbox) and not exists (select from attribution.outbox)
    and not exists (select from rewards.outbox)
    and not exists (select from bus.cursors c join bus.topics t using (topic) where c.position < t.next_position)
    and not exists (select from attribution.due d where d.at < now())
    and not exists (select from rewards.due d where d.at < now())
    and not exists (select from links.due d where d.at < now())
"""


async def at_rest(watch: asyncpg.Connection) -> bool:
    """Whether everything that was accepted is decided, rewarded and counted, and what was due is done. On the log."""
    return bool(await watch.fetchval(_AT_REST))


async def _reaches(connection: asyncpg.Connection, query: str, ids: list[str], count: int) -> bool:
    return bool(await connection.fetchval(query, ids) >= count)


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """A migrated PostgreSQL and the environment that services need; everything ends with the block."""
    for name in [name for name in os.environ if name.startswith("KITH_")]:
        del os.environ[name]  # a run must not depend on what the caller has set for another product
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # dozens of processes start: the first compiles for all
    postgres = Postgres(folder / "postgres", settings={"shared_buffers": "512MB", "max_wal_size": "4GB"})
    await postgres.start()
    stage: Stage | None = None
    try:
        await postgres.ensure_databases([_PATTERN])
        await migrate_all(manifests.load_all(), Settings.model_validate(_values(folder, postgres, _PATTERN)))
        stage = await _prepare(folder / DATABASE, postgres, DATABASE, None)
        yield stage
    finally:
        if stage is not None:
            stage.close()
        await postgres.stop()


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[Kafka]:
    """A private Kafka that ends with the block."""
    kafka = Kafka(folder / "kafka")
    await kafka.start()
    try:
        yield kafka
    finally:
        await kafka.stop()


async def _prepare(folder: Path, postgres: Postgres, database: str, kafka: Kafka | None) -> Stage:
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240  # local, and nothing else is to be done meanwhile
    connection = await postgres.connect()
    try:
        await connection.execute(f'create database "{database}" owner {OWNER} template "{_PATTERN}"')
    finally:
        await connection.close()
    values = _values(folder, postgres, database)
    if kafka is not None:
        values["kafka_url"] = kafka.url
    sealing = {f"KITH_{s.name.upper()}_SEALING_KEYS" for s in manifests.load_all() if s.sealed}
    environment = {
        **os.environ,
        **{f"KITH_{name.upper()}": value for name, value in values.items()},
        **{name: f"k1:{secrets.token_urlsafe(32)}" for name in sealing},
    }
    return Stage(folder, postgres, database, Settings.model_validate(values), environment, kafka)


def _values(folder: Path, postgres: Postgres, database: str) -> dict[str, str]:
    """Settings of a product on this database, with new secrets."""
    return {
        "database_url": postgres.url(database),
        "data_dir": str(folder / "data"),
        "secret_keys": f"k1:{secrets.token_urlsafe(32)}",
        "contact_key": secrets.token_urlsafe(32),
        "operator_key": secrets.token_urlsafe(32),
        "log_level": "warning",
    }


async def _until_ok(url: str, child: subprocess.Popen[bytes], *, within: float = 180) -> None:
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
