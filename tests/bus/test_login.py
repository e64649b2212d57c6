"""A broker that asks who is there: the product's clients say it, and a wrong password is a bus that is away."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.cli.local import process
from services.cli.local.kafka import Kafka
from services.kernel.bus.kafka import KafkaBus
from services.kernel.bus.port import BusUnavailable, Delivered, Record
from services.kernel.bus.topics import TopicSpec
from services.kernel.settings import Settings

TOPIC = TopicSpec("kith.login", 1)


class Asking(Kafka):
    """A broker with a second listener, where everybody must name themselves."""

    named = 0

    def _write_properties(self, path: Path) -> None:
        super()._write_properties(path)
        self.named = self.named or process.free_port()
        plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_rewards="right";'
        text = path.read_text()
        text = text.replace("listeners=", f"listeners=NAMED://127.0.0.1:{self.named},", 1)
        text = text.replace("protocol.map=", "protocol.map=NAMED:SASL_PLAINTEXT,", 1)
        path.write_text(
            f"{text}listener.name.named.sasl.enabled.mechanisms=PLAIN\n"
            f"listener.name.named.plain.sasl.jaas.config={plain}\n"
        )


def bus(broker: Asking, password: str) -> KafkaBus:
    settings = Settings(kafka_username="rewards", kafka_password=SecretStr(password))
    return KafkaBus(f"127.0.0.1:{broker.named}", [TOPIC], login=settings.kafka_login())


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
