"""The identify secret in the whole product: a shop gets it, proves a customer with it, and rotates it."""

import hashlib
import hmac

from tests.support.two_stores import TwoStores
from tests.support.wait import until

VISITOR = "v_" + "7" * 32


async def test_a_rotated_secret_ends_everywhere_after_the_next_rotation(two_stores: TwoStores) -> None:
    client, store = two_stores.client, two_stores.b

    async def proven(secret: str) -> bool:
        proof = hmac.new(secret.encode(), b"8412", hashlib.sha256).hexdigest()
        reported = {"type": "identify", "visitor_id": VISITOR, "customer": {"id": "8412"}, "proof": proof}
        answer = await client.post("/v1/track", json=reported, headers=store.publishable)
        return bool(answer.json()["proven"])

    first = await client.get("/v1/keys/identify-secret", headers=store.secret)
    assert first.headers["cache-control"] == "no-store"
    assert await proven(first.json()["secret"])
    rotate = {**store.secret, "Idempotency-Key": "rotate-1"}
    second = await client.post("/v1/keys/identify-secret/rotate", headers=rotate)
    again = await client.post("/v1/keys/identify-secret/rotate", headers=rotate)
    assert (second.status_code, again.json()) == (201, second.json())
    assert (await client.get("/v1/keys/identify-secret", headers=store.secret)).json() == second.json()
    assert await proven(first.json()["secret"])
    assert await proven(second.json()["secret"])
    third = await client.post("/v1/keys/identify-secret/rotate", headers=store.secret)

    async def ended() -> bool:
        return not await proven(first.json()["secret"])

    await until(ended, within=60, what="the end of the first secret")
    assert await proven(second.json()["secret"])
    assert await proven(third.json()["secret"])


async def test_the_secret_is_for_the_stores_own_server_only(two_stores: TwoStores) -> None:
    client, a, b = two_stores.client, two_stores.a, two_stores.b
    path = "/v1/keys/identify-secret"
    narrow = await client.post("/v1/keys", json={"scopes": ["keys:read", "orders:write"]}, headers=b.secret)
    reader = {"authorization": f"Bearer {narrow.json()['key']}"}
    assert [(await client.get(path, headers=h)).status_code for h in (b.publishable, reader, {})] == [403, 403, 401]
    secrets = {(await client.get(path, headers=store.secret)).json()["secret"] for store in (a, b)}
    assert len(secrets) == 2
