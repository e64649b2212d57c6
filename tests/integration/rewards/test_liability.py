"""What is owed by age adds up to the accounts."""

from hypothesis import given
from hypothesis import strategies as st

from services.rewards.liability.domain import Held, by_age, split
from tests.integration.rewards.world import World
from tests.unit.rewards.build import NOON, STORE, configured, make_program, make_state, published

_AMOUNT = st.integers(0, 1000)


@given(
    st.builds(
        Held,
        available=st.integers(-500, 2000),
        in_payout=_AMOUNT,
        reserved=_AMOUNT,
        young=st.tuples(_AMOUNT, _AMOUNT, _AMOUNT),
    ),
)
def test_what_is_available_is_the_youngest_and_no_more_than_there_is(held: Held) -> None:
    available, reserved, in_payout = split(held)
    assert sum(available) == min(max(0, held.available), sum(held.young))
    assert sum(reserved) == min(held.reserved, sum(held.young) - sum(available))
    assert sum(in_payout) == min(held.in_payout, sum(held.young) - sum(available) - sum(reserved))
    for place in range(3):
        assert available[place] + reserved[place] + in_payout[place] <= held.young[place]
    overdrawn = max(0, -held.available)
    liability = by_age("ambassador_available", "EUR", [available], total=held.available, overdrawn=overdrawn)
    assert sum(liability.buckets) - liability.overdrawn == liability.total and min(liability.buckets) >= 0


async def test_ages_move_on_with_the_days_and_sum_to_the_trial_balance(world: World) -> None:
    await world.take(configured(), published(make_program()))
    await world.take(make_state("1"), make_state("2"))
    await world.take(make_state("1", revision=2, settled_at=NOON))
    await world.move_clock(40 * 86_400)
    await world.release()
    await world.take(make_state("3"))
    async with world.caller(STORE) as shop:
        trial = (await shop.get("/v1/ledger/trial-balance")).json()["data"][0]
        stood = {one["account"]: one["credits"] - one["debits"] for one in trial["accounts"]}
        seen = {}
        for later in (0, 30, 70):
            await world.move_clock(later * 86_400)
            seen[later] = (await shop.get("/v1/liability")).json()["data"]
    ages = ("days_0_30", "days_31_60", "days_61_90", "days_over_90")
    for found in seen.values():
        assert {one["account"]: one["total"] for one in found} == {
            account: total for account, total in stood.items() if account != "program_expense"
        }
        assert all(sum(one[age] for age in ages) - one["overdrawn"] == one["total"] for one in found)
    by_account = {later: {one["account"]: one for one in found} for later, found in seen.items()}
    assert [by_account[0]["ambassador_available"][age] for age in ages] == [0, 460, 0, 0]
    assert [by_account[0]["ambassador_pending"][age] for age in ages] == [460, 460, 0, 0]
    assert [by_account[30]["ambassador_pending"][age] for age in ages] == [460, 0, 460, 0]
    assert [by_account[70]["ambassador_pending"][age] for age in ages] == [0, 0, 0, 920]
    async with world.browser(STORE) as person:
        block = (await person.get("/console/rewards/liability")).text
        ledger = (await person.get("/console/rewards/ledger")).text
    assert "9.20" in block and "&gt; 90" in block and "/console/rewards/liability" in ledger
    async with world.browser("str_01k9x0m5w8a3c7e1g5j9n3q7s9") as stranger:
        assert "9.20" not in (await stranger.get("/console/rewards/liability")).text
