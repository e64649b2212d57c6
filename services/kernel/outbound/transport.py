"""Connects only to addresses that were checked a moment before, under the name that the caller wrote.

The name is resolved once for each connection, all of its addresses are checked, and the connection goes to one of
them: a name that answers otherwise the next time gains nothing. TLS and the `Host` header keep the name.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

import httpcore
import httpx

from services.kernel.outbound.addresses import Address, Network, canonical, may_reach

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port → the texts of all its addresses. Raises `OSError` where there are none."""


class AddressRefused(Exception):
    """A name leads to an address that must not be reached."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, as the system knows them, in the order in which it would try them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Opens sockets for httpcore, to checked addresses only."""

    def __init__(self, *, allow: Sequence[Network], own_ports: frozenset[int], resolve: Resolve = resolve) -> None:
        self._allow = tuple(allow)
        self._own_ports = own_ports
        self._resolve = resolve
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connects to the first address that answers. Raises `AddressRefused` if any address may not be reached."""
        try:
            addresses = [canonical(text) for text in await self._resolve(host, port)]
        except (OSError, UnicodeError, ValueError) as error:
            raise httpcore.ConnectError(f"{type(error).__name__}: no such host") from error
        self._check(addresses, port)
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                return await self._sockets.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: a socket of this machine is nobody outside."""
        raise AddressRefused

    async def sleep(self, seconds: float) -> None:
        """As httpcore wants it, between attempts."""
        await asyncio.sleep(seconds)

    def allows(self, host: str, port: int) -> bool:
        """Whether a host that is written as an address may be reached there; True for a name."""
        try:
            address = canonical(host)
        except ValueError:
            return True
        return may_reach(address, port, allow=self._allow, own_ports=self._own_ports)

    def _check(self, addresses: Sequence[Address], port: int) -> None:
        # One bad address among good ones is refused whole: which one is taken would be up to who answers for the name.
        if not all(may_reach(one, port, allow=self._allow, own_ports=self._own_ports) for one in addresses):
            raise AddressRefused


class Transport(httpx.AsyncBaseTransport):
    """httpx over that network. A connection serves one call: its address was checked for that call."""

    def __init__(self, network: CheckedNetwork, *, connections: int, tls: ssl.SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=0,
            network_backend=network,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One call. Raises what httpcore raises, and `AddressRefused`."""
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    async def aclose(self) -> None:
        """Closes what is open."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()
