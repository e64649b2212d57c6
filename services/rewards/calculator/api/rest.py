"""The API of the calculator."""

from typing import Annotated

from fastapi import APIRouter

from services.common.money import exponent
from services.kernel.http.call import Call, require
from services.rewards.calculator.domain import answer
from services.rewards.calculator.schemas import CalculationIn, CalculationOut

router = APIRouter(tags=["simulations"])


@router.post("/v1/reward-calculations")
async def post_reward_calculation(
    body: CalculationIn, call: Annotated[Call, require("rewards:read")]
) -> CalculationOut:
    """How large a reward can be: affordable, at break-even, and if the conversion is another one. Nothing is written.

    Of invited visitors a share c buys with a reward R, and c₀ would without one; M is what a friend's orders leave. The
    program gains c × (M − R) − c₀ × M − costs ÷ visitors by each of them; break-even is where that is nothing.
    """
    exponent(body.currency)
    return CalculationOut.of(body.currency, answer(body.plan()))
