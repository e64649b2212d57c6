"""The product of `kith split`: which children there are, with which settings, in which order they start.

Everything it keeps lies in `<data folder>/split`, apart from the secrets, which the embedded product shares.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.cli import manifests
from services.cli.local import process
from services.cli.local.caddy import Caddy
from services.cli.local.caddyfile import Upstream, caddyfile
from services.cli.local.kafka import Kafka
from services.cli.local.keep import ensure_secrets
from services.cli.local.postgres import Postgres
from services.cli.split.replica import Replica
from services.cli.split.supervise import Supervisor
from services.cli.split.whole import Whole
from services.cli.starting import migrate_all, with_outbound
from services.kernel.health import Check
from services.kernel.server import Server
from services.kernel.service import Service
from services.kernel.settings import Settings

REPLICAS = 2
DRAIN_S = 1.5
"""Longer than the gateway's health interval, so that it has seen a leaving replica's 503."""


class PostgresChild(Postgres):
    """The database server, supervised."""

    name = "postgres"


class KafkaChild(Kafka):
    """The broker, supervised."""

    name = "kafka"


class CaddyChild(Caddy):
    """The gateway, supervised; `configuration` is what it starts with."""

    name = "caddy"
    configuration = ""

    async def start(self, configuration: str | None = None, *, within: float = 20) -> None:
        """Starts over the given configuration, or the last one."""
        self.configuration = configuration or self.configuration
        await super().start(self.configuration, within=within)


class Product:
    """One split product. `settings.port` is the gateway's."""

    def __init__(self, settings: Settings, *, shop_port: int, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.folder = (settings.data_dir / "split").absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.logs = self.folder / "logs"
        self.shop_port = shop_port
        self.supervisor = Supervisor(self.folder, say=say)
        self.services = manifests.load_all()
        self.replicas: dict[str, list[Replica]] = {}
        self.workers: list[Replica] = []
        self._stack = AsyncExitStack()
        self._env: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        """Of the services' processes, by name."""

    @property
    def url(self) -> str:
        """What browsers use."""
        return self.settings.base_url

    async def start(self, *, checks: Sequence[Callable[[], Check]], progress: Callable[[str], None]) -> None:
        """Starts everything, in order; `progress` names each step. On a failure call `stop`."""
        postgres = PostgresChild(self.folder / "postgres", log=self.logs / "postgres.log")
        kafka = KafkaChild(self.folder / "kafka", log=self.logs / "kafka.log")
        progress("PostgreSQL and Kafka")
        await self.supervisor.start([postgres, kafka])
        await postgres.ensure_databases([_database(service) for service in self.services])
        self._ports = {name: process.free_port() for name in self._names()}
        self._env = self._environment(postgres, kafka)
        _keep(self.folder / "env", "".join(f"{name}={value}\n" for name, value in self._env.items()))
        progress("schemas")
        os.environ.update(self._env)  # this process migrates and makes the demo's history, with every database
        await migrate_all(self.services, Settings(port=self.settings.port), only_if_changed=True)
        progress("services")
        self.replicas = {service.name: self._replicas(service) for service in self.services}
        self.workers = [self._worker(service) for service in self.services if service.work]
        await self.supervisor.start([*(r for group in self.replicas.values() for r in group), *self.workers])
        progress("gateway")
        await self._start_gateway(checks)
        self.write_state()

    async def start_shop(self, details: Path) -> None:
        """Starts the demo shop, which reads the store's keys from a file."""
        command = ("shop", "--details", str(details), "--kith-url", f"http://127.0.0.1:{self.settings.port}")
        shop = Replica(
            "shop",
            *(*command, "--browser-url", self.url, "--port", str(self.shop_port)),
            port=self.shop_port,
            env={**os.environ, **self._env},
            log=self.logs / "shop.log",
            ready="/",
        )
        await self.supervisor.start([shop])
        self.write_state()

    async def stop(self) -> None:
        """Stops everything: gateway first, then the services, Kafka and PostgreSQL last."""
        await self.supervisor.stop()
        await self._stack.aclose()
        for name in ("state.json", "env"):
            (self.folder / name).unlink(missing_ok=True)

    def start_over(self) -> None:
        """Throws away databases, topics and spools, not secrets. Only before `start`."""
        for name in ("postgres", "kafka", "spool"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    async def roll(self, say: Callable[[str], None]) -> None:
        """Restarts every replica: the first of each service side by side, when all are back the second, and so on."""
        for turn in zip(*self.replicas.values(), strict=True):
            await asyncio.gather(*(self.supervisor.restart(replica) for replica in turn))
            say(f"{', '.join(replica.name for replica in turn)} restarted")
            # The gateway looks at a replica's health every half second; let it see these before the next go.
            await asyncio.sleep(DRAIN_S)

    def write_state(self, *, rolled: int = 0) -> None:
        """Writes what runs to `state.json`, for `kith split status|restart|stop`."""
        state = {
            "pid": os.getpid(),
            "url": self.url,
            "rolled": rolled,
            "replicas": {r.name: r.address for group in self.replicas.values() for r in group},
        }
        _keep(self.folder / "state.json", json.dumps(state, indent=2) + "\n")

    async def _start_gateway(self, checks: Sequence[Callable[[], Check]]) -> None:
        whole = Whole(
            services=self.services,
            replicas={name: {r.name: r.address for r in group} for name, group in self.replicas.items()},
            running=lambda: {child.name: child.pid is not None for child in self.supervisor.children},
            checks=checks,
            workers={worker.name: worker.address for worker in self.workers},
        )
        self._stack.push_async_callback(whole.close)
        server = await self._stack.enter_async_context(Server(whole, host="127.0.0.1", port=0))
        upstreams = [
            Upstream(name=service.name, routes=service.routes, replicas=tuple(r.address for r in replicas))
            for service in self.services
            for replicas in [self.replicas[service.name]]
        ]
        caddy = CaddyChild(self.folder / "caddy", port=self.settings.port, log=self.logs / "caddy.log")
        caddy.configuration = caddyfile(
            upstreams,
            address=f"http://:{self.settings.port}",
            bind=self.settings.host,
            whole=f"127.0.0.1:{server.port}",
            storage=self.folder / "caddy",
        )
        await self.supervisor.start([caddy])

    def _names(self) -> list[str]:
        """Of all processes of services."""
        names = [f"{service.name}-{number}" for service in self.services for number in range(1, REPLICAS + 1)]
        return names + [f"{service.name}-work-1" for service in self.services if service.work]

    def _replicas(self, service: Service) -> list[Replica]:
        own = self._own_environment(service, works=not service.work)
        role = ("--role", "web,consume") if service.work else ()
        made = []
        for number in range(1, REPLICAS + 1):
            name = f"{service.name}-{number}"
            port = self._ports[name]
            env = {**own, "KITH_INSTANCE": str(number), "KITH_PORT": str(port)}
            command = ("serve", service.name, *role, "--port", str(port))
            made.append(Replica(name, *command, port=port, env=env, log=self.logs / f"{name}.log"))
        return made

    def _worker(self, service: Service) -> Replica:
        """The process that runs a service's tasks, apart from those that answer requests and decide."""
        name = f"{service.name}-work-1"
        port = self._ports[name]
        own = self._own_environment(service, works=True)
        env = {**own, "KITH_INSTANCE": "work-1", "KITH_PORT": str(port)}
        command = ("serve", service.name, "--role", "work", "--port", str(port))
        return Replica(name, *command, port=port, env=env, log=self.logs / f"{name}.log")

    def _own_environment(self, service: Service, *, works: bool) -> dict[str, str]:
        """All settings but the addresses of other services' databases, and their keys; nor its workers', unless it
        `works`.
        """
        others = {
            f"KITH_{other.name.upper()}_{what}"
            for other in self.services
            if other is not service
            for what in ("DATABASE_URL", "SEALING_KEYS", "OPENING_KEYS")
        }
        if not works:
            others.add(f"KITH_{service.name.upper()}_OPENING_KEYS")
        return {name: value for name, value in {**os.environ, **self._env}.items() if name not in others}

    def _environment(self, postgres: Postgres, kafka: Kafka) -> dict[str, str]:
        outbound = with_outbound(self.settings, self.settings.port, *self._ports.values())
        databases = {f"KITH_{s.name.upper()}_DATABASE_URL": postgres.url(_database(s)) for s in self.services}
        return {
            **ensure_secrets(self.settings.data_dir),
            **databases,
            "KITH_KAFKA_URL": kafka.url,
            "KITH_DATA_DIR": str(self.folder),
            "KITH_HOST": "127.0.0.1",
            "KITH_TRUSTED_PROXIES": "127.0.0.0/8,::1",
            "KITH_PUBLIC_URL": self.url,
            "KITH_DRAIN_S": str(DRAIN_S),
            "KITH_OUTBOUND_ALLOW": ",".join(map(str, outbound.outbound_allow)),
            "KITH_OUTBOUND_CLOSED_PORTS": ",".join(map(str, outbound.outbound_closed_ports)),
            **({"KITH_DEMO": "1"} if self.settings.demo else {}),
            **({"KITH_SHOP_URL": self.settings.shop_url} if self.settings.shop_url else {}),
        }


def _database(service: Service) -> str:
    return f"kith_{service.name}"


def _keep(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
