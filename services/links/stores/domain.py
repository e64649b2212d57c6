"""What a store's address is, and whether a page belongs to a store. Pure.

One parser decides for landing pages, link destinations and the redirect: what it lets through is ASCII, http(s),
without user information, control characters or backslashes, and on a host that the store named.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import idna

MAX_URL = 2000
_HOST = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"`{}|^\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_STANDARD_PORTS = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """Why an address is refused, in words for the caller."""


@dataclass(frozen=True, slots=True)
class Address:
    """A page's address in its one normal form: ASCII, lower-case host, no standard port, no user information."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str
    fragment: str

    @property
    def origin_host(self) -> str:
        """Host, with its port where that is not the scheme's own."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        query = f"?{self.query}" if self.query else ""
        fragment = f"#{self.fragment}" if self.fragment else ""
        return f"{self.scheme}://{self.origin_host}{self.path}{query}{fragment}"


def parse_address(text: str) -> Address:
    """Reads a web address. Raises `BadAddress` on anything that two programs could read differently."""
    if len(text) > MAX_URL:
        raise BadAddress(f"The address is longer than {MAX_URL} characters.")
    if _FORBIDDEN.search(text):
        raise BadAddress("The address holds a blank, a backslash or another sign that no address may hold.")
    if not text.lower().startswith(("https://", "http://")):
        raise BadAddress("The address must begin with https://.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadAddress("The address has a host or port that cannot be read.") from None
    if "@" in parts.netloc:
        raise BadAddress("The address must not hold a user name.")
    host = ascii_host(parts.hostname or "")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadAddress("The address must begin with https://; http is for this machine only.")
    return Address(
        scheme=parts.scheme,
        host=host,
        port=None if port == _STANDARD_PORTS[parts.scheme] else port,
        path=quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._"),
        query=quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]"),
        fragment=quote(parts.fragment, safe="/?%:@!$&'()*+,;=~-._"),
    )


def ascii_host(host: str) -> str:
    """A host name in lower-case ASCII (IDNA 2008 where it is of another script). Raises `BadAddress`."""
    host = host.lower().rstrip(".")
    if host in _LOOPBACK:
        return host
    if host == "::1":
        return "[::1]"
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            raise BadAddress("The host name is not a valid international domain name.") from None
    if len(host) > 253 or not _HOST.match(host):
        raise BadAddress("The host name holds signs that a host name cannot hold.")
    return host


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: the demo shop's, or a developer's."""
    return host in _LOOPBACK or host.endswith(".localhost")


def store_domain(text: str) -> str:
    """A domain as a store names it: `shop.example`, or `localhost:8090`. Raises `BadAddress`."""
    text = text.strip()
    if "://" in text:
        raise BadAddress("Name the domain alone, without https://.")
    if "/" in text or "?" in text or "#" in text:
        raise BadAddress("Name the domain alone, without a path.")
    name, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        name, port = text, ""
    host = ascii_host(name)
    if not port:
        if not is_loopback(host) and "." not in host:
            raise BadAddress("A domain has at least two parts, as in shop.example.")
        return host
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise BadAddress("The port is not a number from 1 to 65535.")
    return f"{host}:{int(port)}"


def belongs(address: Address, domains: Iterable[str]) -> bool:
    """Whether a page lies on one of the store's domains or below one; no port means the standard one only."""
    own = address.origin_host
    return any(own == domain or own.endswith("." + domain) for domain in domains)


def own_page(text: str, domains: Iterable[str]) -> Address:
    """A page of the store. Raises `BadAddress` when it cannot be read or lies elsewhere."""
    address = parse_address(text)
    domains = tuple(domains)
    if not belongs(address, domains):
        raise BadAddress(f"{address.origin_host} is not a domain of the store; its domains are {', '.join(domains)}.")
    return address
