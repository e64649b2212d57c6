"""Opens the bus that the settings ask for."""

import os
import re
from collections.abc import Iterable, Sequence

from services.kernel.bus.log import LogBus
from services.kernel.bus.port import Bus
from services.kernel.bus.topics import TopicSpec
from services.kernel.settings import Settings

_SERVICE_URL = re.compile(r"KITH_[A-Z]+_DATABASE_URL")


def open_bus(settings: Settings, *, services: Iterable[str], topics: Sequence[TopicSpec]) -> Bus:
    """Kafka if its address is set, else the log in the database that the services share.

    Raises `ValueError` if there is no Kafka and the services have different databases.
    """
    if settings.kafka_url:
        # Imported here: the client takes memory that embedded mode need not spend.
        from services.kernel.bus.kafka import KafkaBus

        return KafkaBus(settings.kafka_url, topics, partitions=settings.kafka_partitions, login=settings.kafka_login())
    urls = {settings.database_url_of(service) for service in services}
    # A process that runs one service must see that the others, in their processes, would look elsewhere.
    urls |= {url for name, url in os.environ.items() if url and _SERVICE_URL.fullmatch(name)}
    if len(urls) != 1:
        raise ValueError("without KITH_KAFKA_URL all services must share one database, which is then the bus")
    return LogBus(urls.pop(), topics)
