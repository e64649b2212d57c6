"""The compose file: each container is given what is its own, and nothing of another's."""

from typing import Any

import pytest

from services.cli import manifests
from tests.support.compose import compose, example, properties, secret, wanted

SERVICES = [service.name for service in manifests.load_all()]
USERS = ["admin", *SERVICES]


def password(user: str) -> str:
    return secret(f"KITH_{user.upper()}_KAFKA_PASSWORD")


@pytest.fixture(scope="module")
def containers() -> dict[str, Any]:
    services: dict[str, Any] = compose()["services"]
    return services


def test_the_example_names_every_variable() -> None:
    assert set(example()) == wanted()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_its_own_user_and_database_and_no_others(containers: dict[str, Any], name: str) -> None:
    environment = containers[name]["environment"]
    assert environment["KITH_KAFKA_USERNAME"] == name
    assert environment["KITH_KAFKA_PASSWORD"] == password(name)
    assert [one for one in environment if one.endswith("_DATABASE_URL")] == [f"KITH_{name.upper()}_DATABASE_URL"]
    reported = " ".join(environment.values())
    sealing = [one for one in environment if one.endswith("_SEALING_KEYS")]
    assert sealing == ([f"KITH_{name.upper()}_SEALING_KEYS"] if manifests.load(name).sealed else [])
    others = [other for other in USERS if other != name]
    assert not [other for other in others if password(other) in reported]
    assert not [other for other in SERVICES if other != name and secret(f"KITH_{other.upper()}_PASSWORD") in reported]


def test_the_broker_knows_these_users_and_nobody_may_what_no_rule_allows(containers: dict[str, Any]) -> None:
    broker = properties(containers["kafka"]["environment"])
    users = broker["listener.name.named.plain.sasl.jaas.config"]
    assert [f'user_{user}="{password(user)}"' in users for user in USERS] == [True] * len(USERS)
    assert users.count("user_") == len(USERS)
    protocols = dict(pair.split(":") for pair in broker["listener.security.protocol.map"].split(","))
    assert set(protocols.values()) == {"SASL_PLAINTEXT"}, "nobody comes in without a name"
    assert broker["super.users"] == "User:admin"
    assert broker["allow.everyone.if.no.acl.found"] == "false"
    assert broker["authorizer.class.name"].endswith(".StandardAuthorizer")


def test_services_start_when_their_rights_are_made(containers: dict[str, Any]) -> None:
    for name in SERVICES:
        assert containers[name]["depends_on"]["kafka-setup"] == {"condition": "service_completed_successfully"}
    assert containers["kafka-setup"]["depends_on"]["kafka"] == {"condition": "service_healthy"}
