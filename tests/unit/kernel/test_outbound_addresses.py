"""Which addresses a call may reach: each odd spelling of a private one is refused."""

from ipaddress import ip_network

import pytest

from services.kernel.outbound.addresses import canonical, is_public, may_reach
from tests.support.inside import PRIVATE

PUBLIC = """
1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 198.20.0.1
223.255.255.1 2606:4700::1111 2a00:1450:4001::1 2400:cb00::1 ::ffff:8.8.8.8
""".split()


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public_is_refused(text: str) -> None:
    assert not is_public(canonical(text))
    assert not may_reach(canonical(text), 443, allow=(), own_ports=frozenset())


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_may_be_reached(text: str) -> None:
    assert may_reach(canonical(text), 443, allow=(), own_ports=frozenset({443}))


def test_an_allowed_network_is_open_but_for_the_products_own_ports() -> None:
    allow = (ip_network("127.0.0.0/8"),)
    assert may_reach(canonical("::ffff:127.0.0.1"), 9000, allow=allow, own_ports=frozenset({8080}))
    assert not may_reach(canonical("127.0.0.1"), 8080, allow=allow, own_ports=frozenset({8080}))
    assert not may_reach(canonical("10.0.0.1"), 9000, allow=allow, own_ports=frozenset({8080}))
