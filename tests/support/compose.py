"""`deploy/compose.yaml` as Docker Compose reads it, with secrets of the tests' own, and its broker on this machine."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from services.cli.local import process
from services.cli.local.kafka import Kafka

FOLDER = Path(__file__).parents[2] / "deploy"
VARIABLE = re.compile(r"\$\{(\w+):\?\}")


def example() -> list[str]:
    """The variables that `kith.env.example` names."""
    lines = (FOLDER / "kith.env.example").read_text().splitlines()
    return [line.split("=", 1)[0] for line in lines if line and not line.startswith("#")]


def wanted() -> set[str]:
    """The variables that the compose file cannot do without."""
    return set(VARIABLE.findall((FOLDER / "compose.yaml").read_text()))


def secret(name: str) -> str:
    """What stands in a variable here."""
    return f"{name.lower().replace('_', '')}0123456789abcdef0123456789abcdef"


def compose() -> dict[str, Any]:
    """The file, its variables filled in."""
    text = VARIABLE.sub(lambda found: secret(found[1]), (FOLDER / "compose.yaml").read_text())
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def properties(environment: Mapping[str, str]) -> dict[str, str]:
    """What the image of Kafka makes of its container's environment."""
    named = {name.removeprefix("KAFKA_"): value for name, value in environment.items() if name.startswith("KAFKA_")}
    return {
        name.lower().replace("_", ".").replace("...", "-").replace("..", "_"): value for name, value in named.items()
    }


class ComposedKafka(Kafka):
    """The compose file's broker, at addresses of this machine."""

    storage = ()

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        file = compose()
        self.login = {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": "admin",
            "sasl_plain_password": secret("KITH_ADMIN_KAFKA_PASSWORD"),
        }
        self._properties = properties(file["services"]["kafka"]["environment"])

    def _write_properties(self, path: Path) -> None:
        controller = process.free_port()
        text = "\n".join(f"{name}={value}" for name, value in self._properties.items())
        text = text.replace("://:9092", f"://127.0.0.1:{self.port}").replace("kafka:9092", self.url)
        text = text.replace("127.0.0.1:9093", f"127.0.0.1:{controller}")
        assert self._properties["log.dirs"] in text
        path.write_text(text.replace(self._properties["log.dirs"], str(self.data / "log")) + "\n")
