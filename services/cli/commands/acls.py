"""`kith kafka-acls`: what each service's user may do at the brokers, made from the manifests."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from services.kernel.service import Service


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("kafka-acls")(command)


def command(
    server: Annotated[str, typer.Option(help="The brokers' address.")] = "kafka:9092",
    config: Annotated[str, typer.Option(help="File with the administrator's login.")] = "admin.properties",
) -> None:
    """Print the commands that give each service's Kafka user the rights it needs, and no more."""
    from services.cli import catalog

    for rule in rules(catalog.load_all()):
        typer.echo(f"kafka-acls.sh --bootstrap-server {server} --command-config {config} --add {' '.join(rule)}")


def rules(services: Sequence[Service]) -> Iterator[list[str]]:
    """Arguments of `kafka-acls.sh --add`, one rule each. A user is called like its service."""
    from services.kernel.runner import subscriptions_of

    for service in services:
        user = ["--allow-principal", f"User:{service.name}"]
        group, letters = f"kith.{service.name}", f"kith.dlq.{service.name}"
        read = sorted({topic for topics in subscriptions_of([service]).values() for topic in topics})
        # Whoever comes first makes the topics; that says nothing of what lies in them.
        yield [*user, "--operation", "Create", "--operation", "Describe", *_below("topic", "kith.")]
        yield [*user, "--operation", "Read", *_below("group", group)]
        yield [*user, "--operation", "Read", "--operation", "Write", *_below("topic", letters)]
        for operation, topics in (("Read", read), ("Write", sorted(service.publishes))):
            if topics:
                yield [*user, "--operation", operation, *(word for topic in topics for word in ("--topic", topic))]


def _below(kind: str, prefix: str) -> list[str]:
    return ["--resource-pattern-type", "prefixed", f"--{kind}", prefix]
