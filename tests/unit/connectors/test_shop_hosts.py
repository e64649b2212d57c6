"""Which hosts a Shopify shop has is a question: it is given a reader's time, and nothing is done by asking it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.connectors.store_codes.work import shopify
from services.connectors.store_codes.work.api import READ_S, Api, NoAnswer
from services.kernel.outbound import Answer, Outbound, OutboundError


class Asked(Outbound):
    """A door that keeps how it was asked."""

    def __init__(self, body: bytes | None) -> None:
        super().__init__()
        self.body = body
        self.deadlines: list[float] = []

    async def send(self, method: str, url: str, **how: Any) -> Answer:
        self.deadlines.append(how["deadline_s"])
        if self.body is None:
            raise OutboundError("timeout")
        return Answer(status=200, headers={}, body=self.body)


def api(door: Outbound) -> Api:
    return Api(door, "zerno.myshopify.com", {}, datetime(2026, 11, 22, tzinfo=UTC))


async def test_a_shop_has_a_readers_time_to_say_its_hosts() -> None:
    door = Asked(b'{"data": {"shop": {"primaryDomain": {"host": "Shop.example"}}}}')
    assert await shopify.hosts(api(door)) == ("zerno.myshopify.com", "shop.example")
    assert door.deadlines == [READ_S]


async def test_a_shop_that_says_nothing_did_nothing() -> None:
    with pytest.raises(NoAnswer) as silent:
        await shopify.hosts(api(Asked(None)))
    assert not silent.value.unanswered
