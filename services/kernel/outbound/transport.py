"""Connects only to addresses that were checked a moment before, under the name that the caller wrote.

The name is resolved once for each connection, all of its addresses are checked, and the connection goes to one of
them: a name that answers otherwise the next time gains nothing. TLS and the `Host` header keep the name.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import dns.asyncresolver
import dns.resolver
import httpcore
import httpx
from dns.exception import DNSException

from services.kernel.outbound.addresses import Address, Network, canonical, may_reach

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port → the texts of all its addresses. Raises `OSError` where there are none."""

_HEAD_BYTES = 32 * 1024
"""For the head of an answer, and whatever comes before it."""
_NAME_S = 8.0
_MOST_ADDRESSES = 20
_STEP_BYTES = 4 * 1024
"""Read at a time: parsing so much of the worst that can be sent takes a few milliseconds, and then others have a turn.
"""


class AddressRefused(Exception):
    """A name leads to an address that must not be reached."""


class TooLarge(Exception):
    """More was sent than anybody would read."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name. One word, and what the machine's own hosts file names, are as the system knows them.

    Whatever else somebody wrote is asked of the name server without a thread: the system's own look-up holds one of a
    few until it ends, so that some names whose servers are silent would hold up everybody's. Raises `OSError`.
    """
    if _is_address(host):
        return [host]
    if "." not in host.rstrip(".") or host.rstrip(".").lower() in _own_names():
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))
    try:
        answers = await asyncio.gather(*(_asked(host, kind) for kind in ("A", "AAAA")))
    except DNSException as error:
        raise OSError("no name server answered") from error
    return [address for addresses in answers for address in addresses]


async def _asked(host: str, kind: str) -> list[str]:
    try:
        answer = await _resolver().resolve(host, kind, lifetime=_NAME_S, search=True)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [record.address for record in list(answer)[:_MOST_ADDRESSES]]


@lru_cache(maxsize=1)
def _resolver() -> dns.asyncresolver.Resolver:
    """Remembers answers as long as they allow: who is told much is looked up once."""
    made = dns.asyncresolver.Resolver()
    made.cache = dns.resolver.LRUCache(5000)
    return made


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    try:
        lines = Path("/etc/hosts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(name.lower() for line in lines for name in line.partition("#")[0].split()[1:])


def _is_address(host: str) -> bool:
    try:
        canonical(host)
    except ValueError:
        return False
    return True


class CheckedNetwork:
    """Opens connections to checked addresses only."""

    def __init__(self, *, allow: Sequence[Network], own_ports: frozenset[int], resolve: Resolve = resolve) -> None:
        self._allow = tuple(allow)
        self._own_ports = own_ports
        self._resolve = resolve
        self._sockets = httpcore.AnyIOBackend()

    async def connect(self, host: str, port: int) -> httpcore.AsyncNetworkStream:
        """Connects to the first address that answers. Raises `AddressRefused` if any address may not be reached."""
        try:
            addresses = [canonical(text) for text in await self._resolve(host, port)]
        except (OSError, UnicodeError, ValueError) as error:
            raise httpcore.ConnectError(f"{type(error).__name__}: no such host") from error
        self._check(addresses, port)
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                return await self._sockets.connect_tcp(str(address), port)
            except httpcore.ConnectError as error:
                failure = error
        raise failure

    def allows(self, host: str, port: int) -> bool:
        """Whether a host that is written as an address may be reached there; True for a name."""
        return not _is_address(host) or may_reach(canonical(host), port, allow=self._allow, own_ports=self._own_ports)

    def _check(self, addresses: Sequence[Address], port: int) -> None:
        # One bad address among good ones is refused whole: which one is taken would be up to who answers for the name.
        if not all(may_reach(one, port, allow=self._allow, own_ports=self._own_ports) for one in addresses):
            raise AddressRefused


class Calls:
    """HTTP/1.1 over that network. Each call has a connection of its own, whose address was checked for that call."""

    def __init__(self, network: CheckedNetwork) -> None:
        self._network = network
        self._tls = ssl.create_default_context()

    @asynccontextmanager
    async def answer(self, request: httpx.Request, *, most_bytes: int) -> AsyncIterator[httpcore.Response]:
        """Sends a request; the answer's body can be read inside. Raises what httpcore raises, `AddressRefused`, and
        `TooLarge` where far more comes than a body of `most_bytes`.
        """
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        connection = httpcore.AsyncHTTPConnection(
            target.origin,
            ssl_context=self._tls,
            # The framing of a body may cost as much again as the body.
            network_backend=_Bounded(self._network, _HEAD_BYTES + 2 * most_bytes),
        )
        try:
            yield await connection.handle_async_request(
                httpcore.Request(request.method, target, headers=request.headers.raw, content=request.read())
            )
        finally:
            await connection.aclose()


class _Bounded(httpcore.AsyncNetworkBackend):
    """That network for one call, of whose answer so many bytes are read at most."""

    def __init__(self, network: CheckedNetwork, most_bytes: int) -> None:
        self._network = network
        self._most_bytes = most_bytes

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A checked connection, read within the bound. Who calls sets the deadline."""
        return _Stream(await self._network.connect(host, port), self._most_bytes)


class _Stream(httpcore.AsyncNetworkStream):
    """Reads in small steps and only so far: a head of many thousand lines, or interim answers without an end, would
    otherwise keep the process busy for as long as they come.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream, left: int) -> None:
        self._stream = stream
        self._left = left

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes, empty at the end. Raises `TooLarge`."""
        if self._left <= 0:
            raise TooLarge
        await asyncio.sleep(0)  # what was received already is given out without a pause
        found = await self._stream.read(min(max_bytes, _STEP_BYTES), timeout)
        self._left -= len(found)
        return found

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Sends these bytes."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """The same connection under TLS."""
        try:
            return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._left)
        except BaseException:  # also at the deadline: nobody else would close it
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a connection."""
        return self._stream.get_extra_info(info)
