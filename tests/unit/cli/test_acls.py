"""Rights at the brokers: what the manifests say that services write is what they are made to tell."""

from contracts.events import Topic
from services.cli import manifests
from services.cli.commands.acls import commands


def test_every_topic_has_one_writer_but_the_audit_and_the_orders_that_platforms_report_too() -> None:
    written = [topic for service in manifests.load_all() for topic in service.publishes]
    assert sorted(topic for topic in set(written)) == sorted(Topic)
    assert [topic for topic in Topic if written.count(topic) > 1] == [Topic.ORDERS, Topic.AUDIT]
    assert {s.name for s in manifests.load_all() if Topic.ORDERS in s.publishes} == {"connectors", "attribution"}
    assert all(Topic.AUDIT in service.publishes for service in manifests.load_all())


def test_only_letters_of_its_own_and_topics_of_its_own_are_written() -> None:
    services = [one for one in manifests.load_all() if one.name in ("rewards", "analytics")]
    writing = [
        (rule[1], word) for rule in commands(services) if "Write" in rule for word in rule if word[:5] == "kith."
    ]
    assert sorted(writing) == [
        ("User:analytics", "kith.audit"),
        ("User:analytics", "kith.dlq.analytics"),
        ("User:rewards", "kith.audit"),
        ("User:rewards", "kith.dlq.rewards"),
        ("User:rewards", "kith.rewards"),
    ]
