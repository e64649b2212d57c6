"""A store says what its till fills in: the whole way from the setting to the next order."""

from typing import Any

from tests.support.two_stores import TwoStores, now
from tests.support.wait import until

TILL = {"id": "till-7", "email": "pos@shop.example"}


async def test_what_a_store_calls_nobody_is_nobody_from_then_on_and_at_no_other_store(two_stores: TwoStores) -> None:
    http, store, other = two_stores.client, two_stores.a, two_stores.b
    placeholders = {"customer_ids": ["till-7"], "emails": ["pos@shop.example"]}
    answer = await http.patch(f"/v1/stores/{store.id}", json={"placeholders": placeholders}, headers=store.secret)
    assert answer.status_code == 200, answer.text

    async def buys(number: int, headers: dict[str, str]) -> dict[str, Any]:
        order_id = f"till-order-{number}"
        reported = {"order_id": order_id, "placed_at": now(), "status": "paid", "currency": "EUR", "total_minor": 5000}
        sent = await http.post("/v1/orders", json={**reported, "customer": TILL}, headers=headers)
        assert sent.status_code == 202, sent.text

        async def decided() -> dict[str, Any]:
            found = await http.get(f"/v1/orders/{order_id}", headers=headers)
            shown: dict[str, Any] = found.json() if found.status_code == 200 else {}
            return shown.get("decision") or {}

        return await until(decided)

    numbers = iter(range(100))

    async def a_stranger_each_time() -> bool:
        first, second = await buys(next(numbers), store.secret), await buys(next(numbers), store.secret)
        return (first["order_number"], second["order_number"]) == (1, 1)

    await until(a_stranger_each_time)
    there = [await buys(next(numbers), other.secret) for _ in range(2)]
    assert [decision["order_number"] for decision in there] == [1, 2]
