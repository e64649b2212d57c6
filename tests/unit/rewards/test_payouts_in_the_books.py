"""What a payout does to the books, and that it left the chains alone that were there before."""

from datetime import UTC, datetime

import pytest

from services.rewards.ledger.domain import (
    GENESIS,
    Holding,
    Movement,
    Posting,
    chain,
    change,
    holdings,
    payout_step,
    release,
)

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def step(movement: Movement, amount: int = 300) -> Posting:
    return payout_step(
        movement, store_id="str_a", payout_id="pay_a", ambassador_id="amb_a", unit="EUR", amount=amount, basis={}
    )


def rewarded() -> list[Posting]:
    return [
        change(
            store_id="str_a",
            program_id="prg_a",
            reward_id="rwd_a",
            side="ambassador",
            beneficiary_id="amb_a",
            unit="EUR",
            difference=325,
            available=False,
            corrects=None,
            basis={"base": 3250, "bound": None, "order": "1"},
        ),
        release(
            store_id="str_a",
            reward_id="rwd_a",
            side="ambassador",
            beneficiary_id="amb_a",
            unit="EUR",
            amount=325,
            granted_by=1,
        ),
    ]


def test_chains_from_before_payouts_have_the_same_hashes() -> None:
    hashes = [one.hash.hex() for one in chain(rewarded(), after=0, previous=GENESIS, at=AT)]
    assert hashes == [
        "16ec996d7cb5aa0dc5edb7380f923e1ab44f0f8c6876a25ae4c7229b2c1ef7ae",
        "b51533744e4269bef4e9d2b2171d5b66bfab0655f358dcf88a2e4daf291ae3eb",
    ]


def test_the_hash_covers_whose_payout_it_is() -> None:
    (one,) = chain([step(Movement.RESERVE)], after=0, previous=GENESIS, at=AT)
    other = payout_step(
        Movement.RESERVE, store_id="str_a", payout_id="pay_b", ambassador_id="amb_a", unit="EUR", amount=300, basis={}
    )
    (two,) = chain([other], after=0, previous=GENESIS, at=AT)
    assert one.hash != two.hash and one.payout_id == "pay_a" and one.reward_id is None


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([Movement.RESERVE], Holding(325, 0, 0, 25, 300, 0)),
        ([Movement.RESERVE, Movement.UNRESERVE], Holding(325, 0, 0, 325, 0, 0)),
        ([Movement.RESERVE, Movement.PAY_OUT], Holding(325, 0, 0, 25, 0, 300)),
        ([Movement.RESERVE, Movement.PAY_OUT, Movement.RETURN], Holding(325, 0, 0, 325, 0, 0)),
    ],
)
def test_money_moves_between_available_in_payout_and_paid(steps: list[Movement], left: Holding) -> None:
    postings = [*rewarded(), *map(step, steps)]
    found = holdings((one.store_id, one.movement, one.entries) for one in postings)
    assert found == {("str_a", "ambassador", "amb_a", "EUR"): left}


def test_what_is_taken_back_after_it_was_paid_is_carried_forward() -> None:
    postings = [
        *rewarded(),
        step(Movement.RESERVE, 325),
        step(Movement.PAY_OUT, 325),
        change(
            store_id="str_a",
            program_id="prg_a",
            reward_id="rwd_a",
            side="ambassador",
            beneficiary_id="amb_a",
            unit="EUR",
            difference=-325,
            available=True,
            corrects=1,
            basis={},
        ),
    ]
    found = holdings((one.store_id, one.movement, one.entries) for one in postings)
    assert found == {("str_a", "ambassador", "amb_a", "EUR"): Holding(325, 325, 0, -325, 0, 325)}
