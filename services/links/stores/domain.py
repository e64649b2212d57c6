"""What a store's address is, whether a page belongs to a store, and which time zones there are. Pure.

One parser decides for landing pages, link destinations and the redirect: what it lets through is ASCII, http(s),
without user information, control characters or backslashes, and on a host that the store named.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import quote, urlsplit
from zoneinfo import available_timezones

import idna
from publicsuffixlist import PublicSuffixList

MAX_URL = 2000
Method = Literal["dns", "file", "script"]
"""How a domain is proved."""

_HOST = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"`{}|^\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_IN_NUMBERS = re.compile(r"^\[|(^|\.)([0-9]+|0x[0-9a-f]*)$")
_SHARED = frozenset(
    {"bigcartel.com", "company.site", "ecwid.com", "etsy.com", "mybigcommerce.com", "myinsales.ru", "myshopline.com"}
    | {"nethouse.ru", "tilda.ws", "weebly.com", "wordpress.com"}
)
"""Hosts of many shops that the public list does not know."""
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
        # A page's script reads it, and browsers send it nowhere: it stays as it was written (`#/docs#install`).
        fragment=quote(parts.fragment, safe="/?#%:@!$&'()*+,;=~-._[]"),
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


@dataclass(frozen=True, slots=True)
class DomainPolicy:
    """What an installation demands of a new domain. `demo` lets this machine's own addresses in; `proof` is asked of
    every domain, or of none.
    """

    demo: bool
    proof: bool


@cache
def suffixes() -> PublicSuffixList:
    """The list of names under which others register theirs, as the library ships it. Reading it takes a tenth of a
    second: call this in a thread first.
    """
    return PublicSuffixList()


def refusal(name: str, policy: DomainPolicy) -> str | None:
    """Why no store may name this domain as its own, in words for the caller; None if it may try."""
    host = name if name.endswith("]") else name.partition(":")[0]
    if is_loopback(host):
        return None if policy.demo else "This machine's own address can be a domain in a demo only."
    if _IN_NUMBERS.search(host):
        return "Name the domain; an address in numbers belongs to whoever has it today."
    if host in _SHARED or suffixes().is_public(host):
        return f"{host} is shared by many: name your own shop below it, as in my-shop.{host}."
    return None


def front_page(name: str) -> str:
    """The first page of a domain, in the scheme that it has there: http on this machine only."""
    host = name if name.endswith("]") else name.partition(":")[0]
    return f"{'http' if is_loopback(host) else 'https'}://{name}/"


def lies_below(name: str, domains: Iterable[str]) -> bool:
    """Whether a domain is one of these or below one."""
    return any(name == domain or name.endswith("." + domain) for domain in domains)


def belongs(address: Address, domains: Iterable[str]) -> bool:
    """Whether a page lies on one of the store's domains or below one; no port means the standard one only."""
    return lies_below(address.origin_host, domains)


def own_page(text: str, domains: Iterable[str]) -> Address:
    """A page of the store. Raises `BadAddress` when it cannot be read or lies elsewhere."""
    address = parse_address(text)
    domains = tuple(domains)
    if not domains:
        raise BadAddress("The store has no proved domain yet: prove one first, see GET /v1/stores/domains.")
    if not belongs(address, domains):
        raise BadAddress(f"{address.origin_host} is not a domain of the store; its domains are {', '.join(domains)}.")
    return address


@cache
def time_zones() -> frozenset[str]:
    """All names of the IANA list that this machine knows; found on its disk once, which takes tens of milliseconds."""
    return frozenset(available_timezones())


@cache
def zone_names() -> tuple[str, ...]:
    """Those of them that people choose from, in order."""
    return tuple(
        sorted(name for name in time_zones() if name == "UTC" or ("/" in name and not name.startswith("Etc/")))
    )
