"""Bodies of the ledger's API."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from services.common.money import in_units
from services.rewards.ledger.sql import Line
from services.rewards.rules.domain import POINTS


def currency_of(unit: str) -> str | None:
    """The currency of a unit; None for points."""
    return None if unit == POINTS else unit


class EntryOut(BaseModel):
    """One line of a posting set. Every set sums to zero; a set is never changed, only corrected by another."""

    number: int = Field(description="Of the set, within the store: 1, 2, 3 … without a gap.")
    line: int
    at: datetime
    movement: str = Field(
        description="grant, raise, claw_back or release of a reward; reserve, unreserve, pay_out or return of a payout;"
        " expire or restore of a lot of points or store credit; set_aside, use, let_go or give_back of what is spent;"
        " join of what lay under a contact with the customer whose that is."
    )
    reward_id: str | None
    payout_id: str | None
    corrects: int | None = Field(description="Number of the set that this one corrects.")
    account: str
    owner: str = Field(description="Whose account: a program, an ambassador or a friend.")
    unit: str = Field(description="A currency, or points.")
    currency: str | None
    debit: int | None
    credit: int | None
    hash: str = Field(description="Of the set and all before it.")

    @classmethod
    def of(cls, line: Line) -> Self:
        """As callers see it."""
        return cls(
            number=line.number,
            line=line.line,
            at=line.at,
            movement=line.movement,
            reward_id=line.reward_id,
            payout_id=line.payout_id,
            corrects=line.corrects,
            account=line.account,
            owner=line.owner,
            unit=line.unit,
            currency=currency_of(line.unit),
            debit=line.amount_minor if line.amount_minor > 0 else None,
            credit=-line.amount_minor if line.amount_minor < 0 else None,
            hash=line.hash.hex(),
        )

    def flat(self) -> dict[str, object]:
        """As a row of a spreadsheet: money in units, points as they are."""
        amounts = {"debit": in_units(self.debit, self.currency), "credit": in_units(self.credit, self.currency)}
        return self.model_dump() | amounts


CSV_COLUMNS = (
    *("number", "line", "at", "movement", "reward_id", "payout_id", "corrects", "account", "owner", "ambassador_code"),
    *("unit", "currency", "debit", "credit", "hash"),
)


class AccountOut(BaseModel):
    """What came into and went out of one kind of account."""

    account: str
    debits: int
    credits: int


class TrialOut(BaseModel):
    """All accounts of one currency or unit. `difference` is always 0."""

    unit: str
    currency: str | None
    debits: int
    credits: int
    difference: int
    accounts: list[AccountOut]


class TrialBalanceOut(BaseModel):
    """The trial balance of a store."""

    data: list[TrialOut]

    @classmethod
    def of(cls, totals: list[tuple[str, str, int, int]]) -> Self:
        """From (account, unit, debits, credits)."""
        by_unit: dict[str, list[AccountOut]] = {}
        for account, unit, debits, credits in totals:
            by_unit.setdefault(unit, []).append(AccountOut(account=account, debits=debits, credits=credits))
        return cls(data=[_trial(unit, accounts) for unit, accounts in sorted(by_unit.items())])


def _trial(unit: str, accounts: list[AccountOut]) -> TrialOut:
    debits, credits = sum(one.debits for one in accounts), sum(one.credits for one in accounts)
    return TrialOut(
        unit=unit,
        currency=currency_of(unit),
        debits=debits,
        credits=credits,
        difference=debits - credits,
        accounts=accounts,
    )
