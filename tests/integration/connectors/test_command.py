"""`kith deliveries`: what a platform sent and could not be read is listed, shown as it came, and read again."""

import base64
import hmac
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.command_line import kith
from tests.support.two_stores import SEALING_KEYS, SECRET_KEYS, TwoStores, now
from tests.support.wait import until

pytestmark = pytest.mark.timeout(300)


async def test_a_delivery_that_cannot_be_read_is_listed_shown_and_read_again(
    two_stores: TwoStores, tmp_path: Path
) -> None:
    client, store = two_stores.client, two_stores.b
    made = await client.post("/v1/hooks", json={"platform": "shopify", "secret": "shpss_test"}, headers=store.secret)
    body = json.dumps({"id": 77, "created_at": now(), "currency": "EUR", "email": "jane@example.com"}).encode()
    signature = base64.b64encode(hmac.digest(b"shpss_test", body, "sha256")).decode()
    reported = {"X-Shopify-Topic": "orders/paid", "X-Shopify-Hmac-Sha256": signature}
    answer = await client.post(httpx.URL(made.json()["url"]).path, content=body, headers=reported)
    assert answer.json() == {"outcome": "failed"}

    async def deliveries(*words: str, sealing_keys: str = SEALING_KEYS) -> tuple[int, list[dict[str, Any]], str]:
        url, keys = (
            two_stores.database_url,
            {"KITH_SECRET_KEYS": SECRET_KEYS, "KITH_CONNECTORS_SEALING_KEYS": sealing_keys},
        )
        return await kith("deliveries", *words, folder=tmp_path, url=url, **keys)

    async def failed() -> list[dict[str, Any]]:
        status, listed, complaints = await deliveries("list")
        assert status == 0, complaints
        assert "jane@example.com" not in json.dumps(listed)
        return [delivery for delivery in listed if delivery["store"] == store.id]

    [one] = await until(failed, what="the delivery is read")
    assert (one["topic"], one["outcome"], one["reason"]) == ("orders/paid", "failed", "unreadable: total_price")

    status, [shown], _ = await deliveries("show", one["delivery"], "--store", store.id)
    assert (status, shown["body"]) == (0, body.decode())
    status, _, complaints = await deliveries(
        "show", one["delivery"], "--store", store.id, sealing_keys="k2:another-secret-of-the-tests-0123456789"
    )
    assert (status, complaints.strip()) == (1, "kith: the key that this was sealed with is gone")
    status, _, complaints = await deliveries("show", one["delivery"], "--store", two_stores.a.id)
    assert status == 1, "another store's delivery is none"

    status, [again], _ = await deliveries("again", "--store", store.id)
    assert (status, again["outcome"], again["reason"]) == (1, "failed", "unreadable: total_price")

    url = two_stores.database_url
    status, notes, _ = await kith("audit", store.id, folder=tmp_path, url=url, KITH_SECRET_KEYS=SECRET_KEYS)
    by_hand = [(note["action"], note["subject"]) for note in notes if note["actor_id"] == "cli"]
    of_one = ("delivery.shown", one["delivery"])
    assert (status, by_hand) == (0, [of_one, of_one, ("delivery.read_again", one["delivery"])])
