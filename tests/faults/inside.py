"""What lies on the broker of a split product, looked at beside the product."""

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.support.product import Product


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
