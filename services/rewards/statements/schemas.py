"""Bodies of the API of statements."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.rewards.statements.actions import Statement
from services.rewards.statements.domain import Line, Standing


class StandingOut(BaseModel):
    """How the accounts stand, in minor units or points. balance = pending + available + in payout + reserved."""

    pending: int
    available: int
    in_payout: int
    reserved: int
    balance: int = Field(description="What the store owes.")

    @classmethod
    def of(cls, standing: Standing) -> Self:
        """As callers see it."""
        return cls(
            pending=standing.pending,
            available=standing.available,
            in_payout=standing.in_payout,
            reserved=standing.reserved,
            balance=standing.balance,
        )


class StatementLineOut(BaseModel):
    """One movement, and how the accounts stand after it."""

    number: int = Field(description="Of the posting set.")
    at: datetime
    movement: str
    reason: str | None
    reward_id: str | None
    payout_id: str | None
    order_id: str | None
    redemption_id: str | None = Field(None, description="What the points or credit were redeemed for.")
    amount: int = Field(description="What the balance changed by; 0 where money only moved between accounts.")
    pending_change: int
    available_change: int
    in_payout_change: int
    reserved_change: int
    after: StandingOut

    @classmethod
    def of(cls, line: Line) -> Self:
        """As callers see it."""
        moved = line.moved
        return cls(
            number=moved.number,
            at=moved.at,
            movement=moved.movement,
            reason=moved.reason or None,
            reward_id=moved.reward_id,
            payout_id=moved.payout_id,
            order_id=moved.order_id,
            redemption_id=moved.redemption_id,
            amount=moved.amount,
            pending_change=moved.pending,
            available_change=moved.available,
            in_payout_change=moved.in_payout,
            reserved_change=moved.reserved,
            after=StandingOut.of(line.after),
        )


class StatementOut(BaseModel):
    """A statement: opening.balance plus the amounts of all lines, of all pages, is closing.balance."""

    ambassador_id: str
    unit: str
    from_: date = Field(alias="from", description="First day, where the store is.")
    to: date = Field(description="Last day.")
    opening: StandingOut
    closing: StandingOut
    data: list[StatementLineOut]
    next_cursor: str | None

    @classmethod
    def of(cls, ambassador_id: str, statement: Statement, next_cursor: str | None) -> Self:
        """As callers see it."""
        return cls(
            ambassador_id=ambassador_id,
            unit=statement.unit,
            **{"from": statement.first},
            to=statement.last,
            opening=StandingOut.of(statement.opening),
            closing=StandingOut.of(statement.closing),
            data=[StatementLineOut.of(one) for one in statement.lines],
            next_cursor=next_cursor,
        )
