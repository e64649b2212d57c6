"""Which bus the settings ask for, and what is refused."""

import pytest
from pydantic import SecretStr

from services.kernel.bus.choose import open_bus
from services.kernel.bus.kafka import KafkaBus
from services.kernel.bus.log import LogBus
from services.kernel.settings import Settings

SECRET = SecretStr("k1:0123456789012345678901234567890123456789")
SHARED = "postgresql://u@/one"


def settings(**values: str) -> Settings:
    return Settings(database_url=SHARED, secret_keys=SECRET, contact_key=SECRET, operator_key=SECRET, **values)  # type: ignore[arg-type]


async def test_without_kafka_the_shared_database_is_the_bus() -> None:
    assert isinstance(open_bus(settings(), services=["links", "rewards"], topics=()), LogBus)


async def test_kafka_is_taken_when_it_is_named() -> None:
    assert isinstance(open_bus(settings(kafka_url="127.0.0.1:9"), services=["links"], topics=()), KafkaBus)


async def test_without_kafka_services_with_different_databases_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_REWARDS_DATABASE_URL", "postgresql://u@/two")
    with pytest.raises(ValueError, match="KITH_KAFKA_URL"):
        open_bus(settings(), services=["links"], topics=())
