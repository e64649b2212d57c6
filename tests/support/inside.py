"""Where no store may lead Kith: addresses that are not the internet's, in every form that somebody may write."""

PRIVATE = """
0.0.0.0 0.0.0.1 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.254 127.0.0.1 127.1.2.3
127.255.255.254 168.63.129.16 169.254.169.254 169.254.170.2 172.16.0.1 172.20.10.1 172.31.255.255 192.0.0.8
192.0.0.170 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 192.168.255.254 198.18.0.1 198.19.255.255 198.51.100.7
203.0.113.9 224.0.0.1 233.252.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::7f00:1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::ffff:0:7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::127.0.0.1 64:ff9b:1::1
100::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:a9fe:a9fe::1 2002:7f00:1::
2002:c0a8:101::1 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1
ff05::1:3 ff0e::1
""".split()
"""Addresses."""

SPELLINGS = "localhost 127.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001".split()
"""What a system's own look-up takes for this machine."""


def host_of(address: str) -> str:
    """An address as it stands in a URL."""
    return f"[{address.partition('%')[0]}]" if ":" in address else address
