"""What opens a shop's API is opened by workers alone, from the day on which they have keys for it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.connectors.accounts import actions as accounts
from services.connectors.accounts import sql
from services.connectors.accounts.domain import ACCESS as ACCESS_OF
from services.connectors.accounts.domain import Access, masked, packed
from services.connectors.history import work as history
from services.connectors.main import SERVICE
from services.connectors.polls import work as polls
from services.kernel.auth.opening import Opening
from services.kernel.reseal import reseal_all
from tests.integration.attribution.world import SECRET_KEY, SHOP
from tests.integration.connectors.test_connections import connect
from tests.support.connectors import Pair
from tests.support.edge import OPENING, SEALING, make_context
from tests.support.polling import ended, looked, polling
from tests.support.shops.base import HOST, PASSWORD, USER
from tests.support.shops.woocommerce import WooCommerce
from tests.support.wait import until

SECRET = "a-secret-of-the-platform"
ACCESS = {"user": USER, "password": PASSWORD}
NEWER = "o2:the-newer-keys-of-its-workers-0001"
OLDER = "o1:the-keys-of-its-workers-in-the-tests"


async def sealed(both: Pair) -> bytes:
    async with both.db.transaction([SHOP]) as tx:
        found: bytes = await tx.scalar("select access from hooks")
    return found


async def publish(both: Pair, keys: str = OLDER) -> None:
    opening = Opening(keys, before=SEALING)
    await accounts.publish(make_context(both.db, name="connectors", sealing=SEALING, opening=opening))


async def kept_for(both: Pair) -> str:
    """The name of the key that access is sealed for now; nothing where the service's own keys open it."""
    mark, _, rest = (await sealed(both)).partition(b":")
    return rest.partition(b".")[0].decode() if mark == b"b" else ""


async def shop(both: Pair) -> dict[str, object]:
    return await connect(both.http, "woocommerce", secret=SECRET, host=HOST, access=ACCESS)


async def test_who_answers_requests_seals_and_cannot_open(both: Pair) -> None:
    await publish(both)
    made = await shop(both)
    assert made["access_hint"] == masked(PASSWORD)
    assert await kept_for(both) == "o1"
    async with both.db.transaction([SHOP]) as tx:
        account = await accounts.get(tx, SHOP, str(made["id"]))
    with pytest.raises(ValueError, match="is gone"):
        accounts.access_of(both.contexts[0], account)
    worker = make_context(both.db, name="connectors", sealing=SEALING, opening=OPENING)
    opened = accounts.access_of(worker, account)
    assert opened is not None
    assert (opened.user, opened.password) == (USER, PASSWORD)
    # The secret that deliveries are signed with is no key to a shop: whoever takes deliveries needs it.
    assert accounts.secrets_of(SEALING, account, datetime.now(UTC)) == [SECRET.encode()]


async def test_what_was_sealed_before_is_sealed_anew_when_it_is_opened(both: Pair) -> None:
    made, platform = await shop(both), WooCommerce()
    platform.put(datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=9), 1)
    assert await kept_for(both) == ""
    async with both.db.transaction([SHOP]) as tx:
        await tx.execute("update hooks set access_hint = null")  # as a former version left it
    path = f"/v1/connections/{made['id']}"
    shown = (await both.http.get(path, headers=SECRET_KEY)).json()
    assert (shown["has_access"], shown["access_hint"]) == (True, made["access_hint"])
    async with polling(both, platform):
        assert (await looked(both, made))["found"] == 1
    assert await kept_for(both) == "o1"
    assert (await both.http.get(path, headers=SECRET_KEY)).json()["access_hint"] == made["access_hint"]
    async with polling(both, platform, opening=Opening(f"{NEWER},{OLDER}", before=SEALING)):
        assert (await looked(both, made))["reason"] is None
    assert await kept_for(both) == "o2"


async def test_the_operator_s_command_seals_all_of_it_anew_at_once(both: Pair) -> None:
    made = await shop(both)
    [where] = [one for one in SERVICE.sealed if one.for_workers]
    async with both.db.transaction([SHOP]) as tx:
        await tx.execute("update hooks set access_hint = null")
    assert await reseal_all(both.db, OPENING, where, [SHOP]) == (1, 0)
    assert await kept_for(both) == "o1"
    shown = (await both.http.get(f"/v1/connections/{made['id']}", headers=SECRET_KEY)).json()
    assert shown["access_hint"] == made["access_hint"]
    assert await reseal_all(both.db, OPENING, where, [SHOP]) == (0, 0)
    assert await reseal_all(both.db, Opening(NEWER, before=SEALING), where, [SHOP]) == (0, 1)


async def test_workers_say_what_is_sealed_with_and_change_it_together(both: Pair) -> None:
    async def published() -> list[str]:
        async with both.db.transaction() as tx:
            return [kid for kid, _ in await sql.published(tx)]

    await publish(both)
    await publish(both, f"{OLDER},{NEWER}")  # the new one behind, so that everybody can open what it will seal
    assert await published() == ["o1"]
    await publish(both, f"{NEWER},{OLDER}")
    await publish(both, f"{OLDER},{NEWER}")  # a replica that was not restarted yet
    assert await published() == ["o2", "o1"]
    async with both.db.transaction() as tx:  # whoever can only write the database puts nothing in its place
        await tx.execute("update opening_keys set sealed = decode('00', 'hex')")
    await shop(both)
    assert await kept_for(both) == "", "nobody seals with what nobody vouches for"
    await publish(both, f"{NEWER},{OLDER}")
    assert (
        await both.http.patch(f"/v1/connections/{await only(both)}", headers=SECRET_KEY, json={"access": ACCESS})
    ).status_code == 200
    assert await kept_for(both) == "o2"


async def only(both: Pair) -> str:
    async with both.db.transaction([SHOP]) as tx:
        found: str = await tx.scalar("select hook_id from hooks")
    return found


async def test_a_hint_does_not_outlive_the_access_that_a_former_replica_changes(both: Pair) -> None:
    await publish(both)
    made = await shop(both)
    anew = packed(Access(USER, "cs_of_another_day_and_longer_9876"))
    async with both.db.transaction([SHOP]) as tx:
        # Which knows of no hints, and of no keys of workers.
        former = SEALING.seal(ACCESS_OF, anew, owner=str(made["id"]))
        await tx.execute("update hooks set access = :access, access_at = now()", access=former)
    path = f"/v1/connections/{made['id']}"
    assert (await both.http.get(path, headers=SECRET_KEY)).json()["access_hint"] == "•" * 8 + "9876"
    given = {"access": ACCESS | {"password": "cs_again_another_and_longer_9876"}}
    for _ in range(2):  # the hint is what it was
        shown = (await both.http.patch(path, headers=SECRET_KEY, json=given)).json()
        assert (await kept_for(both), shown["access_hint"]) == ("o1", "•" * 8 + "9876")
    assert (await both.http.get(path, headers=SECRET_KEY)).json()["access_hint"] == "•" * 8 + "9876"


async def test_a_worker_that_was_given_no_keys_leaves_polls_and_imports_to_one_that_was(both: Pair) -> None:
    await publish(both)
    made, platform = await shop(both), WooCommerce()
    platform.put(datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=9), 1)
    path, kinds = f"/v1/connections/{made['id']}", (*polls.TASK_KINDS, *history.TASK_KINDS)
    assert (await both.http.post(f"{path}/poll", headers=SECRET_KEY, json={})).status_code == 202

    async def left() -> bool:
        async with both.db.transaction() as tx:
            return bool(await tx.scalar("select count(*) from work_tasks where reason = 'no_key'") == 2)

    async with polling(both, platform, kinds=kinds, opening=None):
        await until(left, within=60, every=0.1, what="both tasks are left to others")
    for what in ("poll", "history"):
        assert (await both.http.get(f"{path}/{what}", headers=SECRET_KEY)).json()["state"] == "running"
    async with polling(both, platform, kinds=kinds):
        assert (await ended(both, made))["found"] == 1
