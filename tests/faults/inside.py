"""What lies on the broker of a split product, looked at beside the product."""

import json
import os
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.support import command_line
from tests.support.product import Product

QUESTIONS = (("ledger", "verify"), ("replay",), ("reconcile",))
"""What operators ask after an accident. Each recomputes everything and ends with 1 if anything is not as it must be."""


async def operators_find_it_whole(product: Product) -> None:
    """The books add up and nobody touched them, decisions follow from their facts, every order is somewhere once."""
    for words in QUESTIONS:
        output = await asked(product, *words)
        assert output, f"kith {' '.join(words)} found no store"


async def asked(product: Product, *words: str) -> list[dict[str, Any]]:
    """What a command answers about the running product. Fails when it found something wrong."""
    env = {**os.environ, "KITH_DATA_DIR": str(product.folder)}
    status, out, err = await command_line.run("--split", *words, "--json", env=env)
    assert status == 0, f"kith {' '.join(words)}: {out}{err}"
    return [json.loads(line) for line in out.splitlines()]


async def dead_letters(product: Product) -> int:
    """Records on all dead-letter topics."""
    lines = (product.folder / "split" / "env").read_text().splitlines()
    url = next(line.partition("=")[2] for line in lines if line.startswith("KITH_KAFKA_URL="))
    consumer = AIOKafkaConsumer(bootstrap_servers=url)
    await consumer.start()
    try:
        topics = [topic for topic in await consumer.topics() if topic.startswith("kith.dlq.")]
        ends = await consumer.end_offsets([TopicPartition(topic, 0) for topic in topics])
    finally:
        await consumer.stop()
    assert len(topics) >= 4
    return sum(ends.values())
