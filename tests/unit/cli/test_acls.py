"""Rights at the brokers: what the manifests say that services write is what they are made to tell."""

from contracts.events import Topic
from services.cli import catalog
from services.cli.commands.acls import commands


def test_every_topic_has_one_service_that_writes_it() -> None:
    written = [topic for service in catalog.load_all() for topic in service.publishes]
    assert sorted(written) == sorted(Topic)


def test_only_letters_of_its_own_and_topics_of_its_own_are_written() -> None:
    services = [one for one in catalog.load_all() if one.name in ("rewards", "analytics")]
    writing = [(rule[1], rule[-1]) for rule in commands(services) if "Write" in rule]
    assert sorted(writing) == [
        ("User:analytics", "kith.dlq.analytics"),
        ("User:rewards", "kith.dlq.rewards"),
        ("User:rewards", "kith.rewards"),
    ]
