"""A name server on this machine, which knows what it is told and is asked by everybody in this process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import dns.asyncresolver
import dns.message
import dns.rdatatype
import dns.rrset
import pytest


class NameServer(asyncio.DatagramProtocol):
    """Records by name and kind, as zone files write them."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}

    def knows(self, name: str, kind: str, *values: str) -> None:
        """From now on these are the records of the name; none takes them away. TXT records are given without quotes."""
        self.records[name, kind] = [f'"{value}"' for value in values] if kind == "TXT" else list(values)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        asked = dns.message.from_wire(data)
        question, answer = asked.question[0], dns.message.make_response(asked)
        kind = dns.rdatatype.to_text(question.rdtype)
        found = self.records.get((question.name.to_text(omit_final_dot=True), kind))
        if found:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NameServer]:
    """Runs one for a test."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
    monkeypatch.setattr(dns.asyncresolver, "default_resolver", resolver)
    yield server
    transport.close()
