"""What workers alone open: sealed by anybody, opened by who has the private half."""

import pytest

from services.connectors.main import SERVICE as CONNECTORS
from services.kernel.auth.opening import Opening, PublicKey
from services.kernel.auth.sealing import Sealing
from services.kernel.runner import opening_for
from services.kernel.service import ROLES, Role, Service
from services.kernel.settings import Settings
from services.links.main import SERVICE as LINKS
from tests.support.edge import RING

OLD = "o1:the-workers-of-one-service-00000001"
NEW = "o2:the-workers-of-one-service-00000002"
SEALING = Sealing("k1:connectors-own-0000123456789", before=RING)


def opening(keys: str = OLD) -> Opening:
    return Opening(keys, before=SEALING)


def test_whoever_knows_the_public_half_seals_and_only_workers_open() -> None:
    public = PublicKey(opening().public.kid, opening().public.raw)
    first, second = (public.seal("x", b"shpat_123", owner="con_1") for _ in range(2))
    assert opening().open("x", first, owner="con_1") == b"shpat_123"
    assert first != second
    assert b"shpat" not in first
    with pytest.raises(ValueError, match="is gone"):
        SEALING.open("x", first, owner="con_1")
    with pytest.raises(ValueError, match="is gone"):
        opening(NEW).open("x", first, owner="con_1")


@pytest.mark.parametrize("changed", ["purpose", "owner", "text", "key", "short"])
def test_what_is_another_s_or_was_changed_does_not_open(changed: str) -> None:
    sealed = opening().seal("x", b"text", owner="a")
    begin = len(opening().newest)
    text = {
        "text": sealed[:-1] + bytes([sealed[-1] ^ 1]),
        "key": sealed[:begin] + bytes([sealed[begin] ^ 1]) + sealed[begin + 1 :],
        "short": sealed[: begin + 9],
    }.get(changed, sealed)
    with pytest.raises(ValueError, match="not sealed for its owner"):
        opening().open("y" if changed == "purpose" else "x", text, owner="b" if changed == "owner" else "a")


def test_a_new_pair_in_front_seals_and_the_one_of_before_opens_on() -> None:
    before = opening().seal("x", b"text", owner="a")
    overlap = opening(f"{NEW},{OLD}")
    assert overlap.open("x", before, owner="a") == b"text"
    assert overlap.seal("x", b"text", owner="a").startswith(overlap.newest)
    assert overlap.newest != opening().newest
    assert (overlap.has(opening().public), opening().has(overlap.public)) == (True, False)
    assert not opening().has(PublicKey("o1", overlap.public.raw)), "another key under the same name"


def test_what_the_service_sealed_before_opens_as_well() -> None:
    assert opening().open("x", SEALING.seal("x", b"text", owner="a"), owner="a") == b"text"


@pytest.mark.parametrize(
    ("service", "roles", "opens"),
    [
        (CONNECTORS, {"web", "consume"}, False),
        (CONNECTORS, {"work"}, True),
        (CONNECTORS, ROLES, True),
        (LINKS, ROLES, False),
    ],
)
def test_only_a_process_that_works_opens(service: Service, roles: set[Role], opens: bool) -> None:
    settings = Settings(opening_keys={"connectors": OLD, "links": OLD})  # type: ignore[dict-item]  # parsed
    assert bool(opening_for(service, settings, SEALING, roles)) is opens
    assert opening_for(service, Settings(), SEALING, roles) is None, "without keys all is as before"


def test_without_keys_nothing_is_sealed() -> None:
    assert not opening("")
    with pytest.raises(ValueError, match="no opening keys"):
        opening("").seal("x", b"text", owner="a")
