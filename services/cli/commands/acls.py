"""`kith kafka-acls|kafka-setup`: what each service's user may do at the brokers, made from the manifests."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.local.process import StartFailed
from services.cli.ui import Json, Ui
from services.kernel.service import Service

if TYPE_CHECKING:
    from services.kernel.bus.kafka_rights import Right


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("kafka-acls")(print_commands)
    app.command("kafka-setup")(set_up)


def print_commands(
    server: Annotated[str, typer.Option(help="The brokers' address.")] = "kafka:9092",
    config: Annotated[str, typer.Option(help="File with the administrator's login.")] = "admin.properties",
) -> None:
    """Print the commands that give each service's Kafka user the rights it needs, and no more."""
    from services.cli import manifests

    for rule in commands(manifests.load_all()):
        typer.echo(f"kafka-acls.sh --bootstrap-server {server} --command-config {config} --add {' '.join(rule)}")


def set_up(as_json: Json = False) -> None:
    """Make the topics, and give each service's Kafka user the rights it needs and no more: run as administrator."""
    import uvloop

    uvloop.run(_set_up(Ui(as_json=as_json)))


async def _set_up(ui: Ui) -> None:
    from services.cli import manifests
    from services.kernel.bus.kafka import KafkaBus
    from services.kernel.bus.kafka_rights import make_rights
    from services.kernel.bus.port import BusUnavailable
    from services.kernel.runner import topics_of
    from services.kernel.settings import Settings

    settings, services = Settings(), manifests.load_all()
    if settings.kafka_url is None or settings.kafka_username is None:
        raise StartFailed("KITH_KAFKA_URL, KITH_KAFKA_USERNAME and KITH_KAFKA_PASSWORD name the brokers and who asks")
    topics = topics_of(services)
    login = settings.kafka_login()
    try:
        await KafkaBus(settings.kafka_url, topics, partitions=settings.kafka_partitions, login=login).make_topics()
        change = await make_rights(settings.kafka_url, login, list(rights(services)))
    except BusUnavailable as error:
        raise StartFailed(f"{settings.kafka_url} as {settings.kafka_username}: {error}") from error
    ui.say(f"[green]✓[/] {len(topics)} topics; {change.given} rights given, {change.taken} taken")
    ui.emit({"topics": len(topics), "given": change.given, "taken": change.taken})


def rights(services: Sequence[Service]) -> "Iterator[Right]":
    """What each service's user may do. A user is called like its service."""
    from services.kernel.bus.kafka_rights import Right
    from services.kernel.runner import subscriptions_of

    for service in services:
        user = service.name
        group, letters = f"kith.{user}", f"kith.dlq.{user}"
        # Whoever comes first makes the topics; that says nothing of what lies in them.
        yield Right(user, "Create", "topic", "kith.", prefixed=True)
        yield Right(user, "Describe", "topic", "kith.", prefixed=True)
        yield Right(user, "Read", "group", group, prefixed=True)
        yield Right(user, "Read", "topic", letters, prefixed=True)
        yield Right(user, "Write", "topic", letters, prefixed=True)
        for topic in sorted({topic for topics in subscriptions_of([service]).values() for topic in topics}):
            yield Right(user, "Read", "topic", topic)
        for topic in sorted(service.publishes):
            yield Right(user, "Write", "topic", topic)


def commands(services: Sequence[Service]) -> Iterator[list[str]]:
    """The rights as arguments of `kafka-acls.sh --add`: rights of one user in topics or groups that differ by name only
    are one command.
    """
    named: dict[tuple[str, str, str, bool], list[str]] = {}
    for right in rights(services):
        names = named.setdefault((right.user, right.operation, right.kind, right.prefixed), [])
        names += [f"--{right.kind}", str(right.name)]
    for (user, operation, _, prefixed), names in named.items():
        pattern = ["--resource-pattern-type", "prefixed"] if prefixed else []
        yield ["--allow-principal", f"User:{user}", "--operation", operation, *pattern, *names]
