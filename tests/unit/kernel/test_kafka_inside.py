"""The Kafka client's inside is used in one file, which was written for one version."""

from importlib.metadata import version
from pathlib import Path

import services.kernel.bus
from services.kernel.bus import kafka_inside

BUS = Path(next(iter(services.kernel.bus.__path__)))


def test_the_client_is_the_one_whose_inside_was_read() -> None:
    assert version("aiokafka") == kafka_inside.READ_IN, (
        "read kafka_inside.py against the new version, then name it there"
    )


def test_nobody_else_reaches_into_the_client() -> None:
    private = [
        path.name for path in BUS.glob("*.py") if "_crecords" in path.read_text() or "SLF001" in path.read_text()
    ]
    assert private == ["kafka_inside.py"]
