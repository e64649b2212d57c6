"""A broker that asks who is there: the product's clients say it, and a wrong password is a bus that is away."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from contracts.events import Topic
from services.cli import manifests
from services.cli.commands.acls import commands
from services.cli.local import java, process
from services.cli.local.kafka import Kafka
from services.common.topics import product_topics
from services.kernel.bus.kafka import KafkaBus
from services.kernel.bus.port import BusUnavailable, Delivered, Record
from services.kernel.bus.topics import TopicSpec, dead_letter_topics
from services.kernel.runner import subscriptions_of
from services.kernel.settings import Settings

TOPIC = TopicSpec("kith.login", 1)


class Asking(Kafka):
    """A broker with a second listener, where everybody must name themselves."""

    named = 0
    rights = ""
    """Further properties."""

    def _write_properties(self, path: Path) -> None:
        super()._write_properties(path)
        self.named = self.named or process.free_port()
        plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_rewards="right";'
        text = path.read_text()
        text = text.replace("listeners=", f"listeners=NAMED://127.0.0.1:{self.named},", 1)
        text = text.replace("protocol.map=", "protocol.map=NAMED:SASL_PLAINTEXT,", 1)
        path.write_text(
            f"{text}listener.name.named.sasl.enabled.mechanisms=PLAIN\n"
            f"listener.name.named.plain.sasl.jaas.config={plain}\n{self.rights}"
        )


def bus(broker: Asking, password: str) -> KafkaBus:
    settings = Settings(kafka_username="rewards", kafka_password=SecretStr(password))
    return KafkaBus(f"127.0.0.1:{broker.named}", [TOPIC], login=settings.kafka_login())


async def allow(broker: Asking, rule: Sequence[str]) -> None:
    """Adds rights as the administrator, with the broker's own tool."""
    argv: list[str | Path] = [java.java(), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", await java.classpath()]
    command = [*argv, "org.apache.kafka.tools.AclCommand", "--bootstrap-server", broker.url, "--add", *rule]
    child = process.spawn(command, log=broker.log)
    assert await process.exited(child, within=60)
    assert child.returncode == 0, process.tail(broker.log)


async def test_a_service_writes_its_own_topics_and_no_others(tmp_path: Path) -> None:
    broker = Asking(tmp_path / "kafka")
    broker.rights = (
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\nsuper.users=User:ANONYMOUS\n"
    )
    try:
        await broker.start()
        services = [one for one in manifests.load_all() if one.name == "rewards"]
        for rule in commands(services):
            await allow(broker, rule)
        topics = (*product_topics(), *dead_letter_topics(["kith.rewards", "kith.links"]))
        settings = Settings(kafka_username="rewards", kafka_password=SecretStr("right"))
        own = KafkaBus(f"127.0.0.1:{broker.named}", topics, login=settings.kafka_login())
        for topic in (Topic.REWARDS, "kith.dlq.rewards"):
            await own.publish([Record(str(topic), "key", b"{}", {})])
        for topic in (Topic.CONVERSIONS, Topic.CATALOG, "kith.dlq.links"):
            with pytest.raises(BusUnavailable, match="TopicAuthorizationFailed"):
                await own.publish([Record(str(topic), "key", b"{}", {})])
        for group, read in subscriptions_of(services).items():
            member = await own.subscribe(group=group, topics=sorted(read), member="1")
            await member.fetch(max_records=1, wait_s=1)
            await member.close()
        with pytest.raises(BusUnavailable):
            await own.subscribe(group="kith.links", topics=[Topic.CATALOG], member="1")
        await own.stop()
    finally:
        await broker.stop()


async def test_who_names_itself_is_let_in_and_a_wrong_password_is_not(tmp_path: Path) -> None:
    broker = Asking(tmp_path / "kafka")
    try:
        await broker.start()
        known, wrong = bus(broker, "right"), bus(broker, "wrong")
        record = Record(TOPIC.name, "key", b"{}", {})
        await known.publish([record])
        subscription = await known.subscribe(group="kith.login", topics=[TOPIC.name], member="1")
        read: list[Delivered] = []
        for _ in range(20):
            read += await subscription.fetch(max_records=10, wait_s=2)
            if read:
                break
        assert [one.record.value for one in read] == [b"{}"]
        await subscription.close()
        with pytest.raises(BusUnavailable):
            await wrong.publish([record])
        await known.stop()
        await wrong.stop()
    finally:
        await broker.stop()
