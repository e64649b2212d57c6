"""The compose file: each container is given what is its own, and nothing of another's."""

from typing import Any

import pytest

from services.cli import manifests
from services.cli.local.caddy import MOST_OPEN
from services.cli.local.caddyfile import MOST_CONNECTIONS
from tests.support.compose import compose, example, properties, secret, wanted

SERVICES = [service.name for service in manifests.load_all()]
WORKERS = [f"{service.name}-work" for service in manifests.load_all() if service.work]
USERS = ["admin", *SERVICES]
GAINED = {
    "postgres": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"},
    "gateway": {"NET_BIND_SERVICE"},
}
"""The only capabilities, by container."""


def password(user: str) -> str:
    return secret(f"KITH_{user.upper()}_KAFKA_PASSWORD")


@pytest.fixture(scope="module")
def containers() -> dict[str, Any]:
    services: dict[str, Any] = compose()["services"]
    return services


def test_the_example_names_every_variable() -> None:
    assert set(example()) == wanted()


@pytest.mark.parametrize("container", [*SERVICES, *WORKERS])
def test_a_service_has_its_own_user_and_database_and_no_others(containers: dict[str, Any], container: str) -> None:
    environment, name = containers[container]["environment"], container.removesuffix("-work")
    assert environment["KITH_KAFKA_USERNAME"] == name
    assert environment["KITH_KAFKA_PASSWORD"] == password(name)
    assert [one for one in environment if one.endswith("_DATABASE_URL")] == [f"KITH_{name.upper()}_DATABASE_URL"]
    reported = " ".join(environment.values())
    sealing = [one for one in environment if one.endswith("_SEALING_KEYS")]
    kept = manifests.load(name).sealed
    assert sealing == ([f"KITH_{name.upper()}_SEALING_KEYS"] if kept else [])
    opening = [one for one in environment if one.endswith("_OPENING_KEYS")]
    works = container.endswith("-work") and any(one.for_workers for one in kept)
    assert opening == ([f"KITH_{name.upper()}_OPENING_KEYS"] if works else []), "of workers alone"
    others = [other for other in USERS if other != name]
    assert not [other for other in others if password(other) in reported]
    assert not [other for other in SERVICES if other != name and secret(f"KITH_{other.upper()}_PASSWORD") in reported]


def test_calls_to_others_run_apart_from_requests_and_decisions(containers: dict[str, Any]) -> None:
    served = {name: one["command"][1:] for name, one in containers.items() if one.get("command", [""])[0] == "serve"}
    assert sorted(served) == sorted([*SERVICES, *WORKERS])
    for service in manifests.load_all():
        whole = service.name if not service.work else f"{service.name} --role web,consume"
        assert " ".join(served[service.name]) == whole
        if service.work:
            worker = containers[f"{service.name}-work"]
            assert " ".join(served[f"{service.name}-work"]) == f"{service.name} --role work"
            own = {n: value for n, value in worker["environment"].items() if not n.endswith("_OPENING_KEYS")}
            assert own == containers[service.name]["environment"] | {"KITH_INSTANCE": "work-1"}
            assert worker["depends_on"] == containers[service.name]["depends_on"]


def test_containers_write_where_nothing_stays_and_gain_no_rights(containers: dict[str, Any]) -> None:
    for name, container in containers.items():
        assert container["read_only"] is True, name
        assert "/tmp" in {place.split(":")[0] for place in container["tmpfs"]}, name
        assert container["cap_drop"] == ["ALL"], name
        assert set(container.get("cap_add", ())) == GAINED.get(name, set()), name
        assert container["security_opt"] == ["no-new-privileges:true"], name


def test_the_gateway_holds_a_bounded_number_of_connections(containers: dict[str, Any]) -> None:
    most = containers["gateway"]["ulimits"]["nofile"]
    assert most == {"soft": MOST_OPEN, "hard": MOST_OPEN}
    assert most["soft"] > 2 * len(SERVICES) * MOST_CONNECTIONS, "there is room for callers beside two replicas of each"


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
