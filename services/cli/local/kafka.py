"""A private Apache Kafka on this machine: one KRaft node, broker and controller in one process, in a data folder."""

import asyncio
import base64
import signal
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.cli.local import java, process
from services.cli.local.process import StartFailed

# The quick compiler alone halves the cost of a start; a broker for one machine does not need the slow one.
_HEAP = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")
_QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


class Kafka:
    """One broker over one data folder, on a port that stays the same. `start` may be called again after any end."""

    login: Mapping[str, str] = {}
    """Who its own clients say they are, in aiokafka's words, where it asks."""
    storage: Sequence[str] = ("--standalone",)
    """How its storage is made: for a quorum of its own."""

    def __init__(self, data: Path, *, port: int | None = None, log: Path | None = None) -> None:
        self.data = data.absolute()
        self.log = log or self.data.parent / f"{self.data.name}.log"
        self.port = port or process.free_port()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Bootstrap address."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Number of the running broker's process, or None."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    async def start(self, *, within: float = 90) -> None:
        """Brings the broker up, making its storage the first time. Raises `StartFailed` with the end of its log."""
        if self.pid is not None:
            return
        runtime, jars = java.java(), await java.classpath()
        properties = self.data / "server.properties"
        first = not properties.exists()
        self.data.mkdir(parents=True, exist_ok=True)
        self._write_properties(properties)
        if first:
            await self._format(runtime, jars, properties)
        argv: list[str | Path] = [runtime, *_HEAP, _QUIET, "-cp", jars, "kafka.Kafka", properties]
        self._child = process.spawn(argv, log=self.log, cwd=self.data)
        await self._until_answering(within)

    async def stop(self) -> None:
        """Ends the broker in good order; kills it if it does not end."""
        if self._child is not None:
            await process.stop(self._child, (signal.SIGTERM, 30))
            self._child = None

    def kill(self) -> None:
        """Ends the broker like a power cut, for tests of exactly that."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def _write_properties(self, path: Path) -> None:
        """Anew at each start: the controller is only spoken to from inside, so its port may change."""
        controller = process.free_port()
        path.write_text(
            "\n".join(
                [
                    "process.roles=broker,controller",
                    "node.id=1",
                    f"controller.quorum.bootstrap.servers=127.0.0.1:{controller}",
                    f"listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
                    "controller.listener.names=CONTROLLER",
                    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                    "inter.broker.listener.name=PLAINTEXT",
                    f"log.dirs={self.data / 'log'}",
                    "offsets.topic.replication.factor=1",
                    # Few partitions for the book-keeping topics: the first group starts at once.
                    "offsets.topic.num.partitions=4",
                    "transaction.state.log.replication.factor=1",
                    "transaction.state.log.min.isr=1",
                    "transaction.state.log.num.partitions=4",
                    "share.coordinator.state.topic.replication.factor=1",
                    "share.coordinator.state.topic.min.isr=1",
                    "group.initial.rebalance.delay.ms=0",
                    # After a kill the old registration must run out before the new one is taken.
                    "broker.heartbeat.interval.ms=500",
                    "broker.session.timeout.ms=4000",
                    "auto.create.topics.enable=false",
                    "num.network.threads=2",
                    "num.io.threads=4",
                    "log.cleaner.dedupe.buffer.size=16777216",
                    "",
                ]
            )
        )

    async def _format(self, runtime: Path, jars: str, properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
        argv: list[str | Path] = [runtime, "-Xmx128m", "-XX:TieredStopAtLevel=1", _QUIET, "-cp", jars]
        argv += ["kafka.tools.StorageTool", "format", *self.storage, "-t", cluster, "-c", properties]
        child = process.spawn(argv, log=self.log)
        if not await process.exited(child, within=60) or child.returncode != 0:
            child.kill()
            properties.unlink(missing_ok=True)
            raise StartFailed(f"Kafka could not make its storage; the end of {self.log}:\n{process.tail(self.log)}")

    async def _until_answering(self, within: float) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + within
        while clock() < deadline:
            if self.pid is None:
                self._child = None
                break
            if process.is_listening(self.port) and await self._knows_itself():
                return
            await asyncio.sleep(0.1)
        raise StartFailed(f"Kafka did not start; the end of {self.log}:\n{process.tail(self.log)}")

    async def _knows_itself(self) -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.url, request_timeout_ms=5000, **self.login)
        try:
            await admin.start()
            return bool((await admin.describe_cluster()).get("brokers"))
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await admin.close()
