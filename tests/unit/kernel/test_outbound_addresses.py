"""Which addresses a call may reach: each odd spelling of a private one is refused."""

from ipaddress import ip_network

import pytest

from services.kernel.outbound.addresses import canonical, is_public, may_reach

PRIVATE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.1.2.3 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1
239.255.255.250 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1
2001:10::1 2001:db8::1 2002:a9fe:a9fe::1 2002:7f00:1:: 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1
ff02::1 ff0e::1
""".split()
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
