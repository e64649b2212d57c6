"""Bodies of the payouts' API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.payouts import PayoutStatus
from contracts.fields import Currency, Minor
from services.common.money import in_units
from services.rewards.destinations.domain import Method
from services.rewards.destinations.sql import Destination
from services.rewards.payouts.actions.batch import Preview
from services.rewards.payouts.actions.results import Outcome, Result
from services.rewards.payouts.domain.states import Payout, Provider
from services.rewards.payouts.domain.terms import CsvField, Terms
from services.rewards.payouts.sql.calls import Called
from services.rewards.payouts.sql.payouts import Batch, BatchStatus, Step
from services.rewards.payouts.sql.ready import Part

_IN = ConfigDict(extra="forbid", frozen=True)
Limit = Annotated[int, Field(gt=0, le=9_000_000_000_000_000, strict=True)]
Word = Annotated[str, Field(max_length=100)]


class ColumnIn(BaseModel):
    """A column of the CSV: what it is called there, and what stands in it."""

    model_config = _IN

    heading: str = Field(min_length=1, max_length=60)
    field: CsvField


class PayerIn(BaseModel):
    """The account that money comes from, for bank files."""

    model_config = _IN

    holder: str = Field(max_length=140)
    iban: str = Field(max_length=60)


class TermsIn(BaseModel):
    """What holds for payouts in a currency."""

    model_config = _IN

    minimum_minor: Limit = Field(1, description="Nobody with less is paid. Told to ambassadors.")
    approval_minor: Limit | None = Field(
        None,
        description="What one person prepares and approves alone within 24 hours; above it a second person approves."
        " Null: whoever may pay may approve. Looser than before, it holds after 24 hours.",
    )
    may_request: bool = Field(False, description="Whether ambassadors can ask for their money at the portal.")
    columns: list[ColumnIn] | None = Field(
        None, min_length=1, max_length=20, description="Of CSV files, in their order; null for the usual ones."
    )
    payer: PayerIn | None = Field(None, description="Left out: as it was.")


class TermsOut(BaseModel):
    """What holds for payouts in a currency."""

    currency: str
    minimum_minor: int
    approval_minor: int | None = Field(description="As it was set.")
    approval_holds_minor: int | None = Field(description="The limit that holds now.")
    approval_from: datetime | None = Field(
        description="Since when, or from when, what was set holds, where it was looser than before."
    )
    may_request: bool
    columns: list[ColumnIn]
    has_payer: bool = Field(description="Whether the account that money comes from is set. It is shown nowhere.")

    @classmethod
    def of(cls, terms: Terms, *, now: datetime) -> Self:
        """As callers see it."""
        return cls(
            currency=terms.currency,
            minimum_minor=terms.minimum_minor,
            approval_minor=terms.approval_minor,
            approval_holds_minor=terms.limit_at(now),
            approval_from=terms.looser_at,
            may_request=terms.may_request,
            columns=[ColumnIn(heading=heading, field=field) for heading, field in terms.columns],
            has_payer=terms.payer is not None,
        )


class AllTermsOut(BaseModel):
    """Terms of all currencies that some are set for."""

    data: list[TermsOut]


class BatchIn(BaseModel):
    """A batch to prepare: of everybody who can be paid."""

    model_config = _IN

    currency: Currency
    provider: Provider = Field(description="By what it is sent.")
    requested_only: bool = Field(False, description="Only who asked for their money.")


class LeftOutOut(BaseModel):
    """People who have something and are not paid, and why."""

    reason: str = Field(
        description="below_minimum, no_destination, other_method, cooling_off, in_payout, blocked; store_credit: there"
        " is no other money; overdrawn: more store credit was taken back than was left; not_requested; or fraction:"
        " PayPal pays some currencies in whole units only."
    )
    people: int
    available_minor: int


class PreviewOut(BaseModel):
    """What a batch prepared now would hold. Nothing is written."""

    currency: str
    payouts: int
    amount_minor: int
    left_out: list[LeftOutOut]

    @classmethod
    def of(cls, currency: str, preview: Preview) -> Self:
        """As callers see it."""
        return cls(
            currency=currency,
            payouts=len(preview.ready),
            amount_minor=preview.amount_minor,
            left_out=[
                LeftOutOut(reason=why, people=people, available_minor=amount)
                for why, (people, amount) in preview.left_out.items()
            ],
        )


class TallyOut(BaseModel):
    """Payouts of a batch that stand alike."""

    status: PayoutStatus
    payouts: int
    amount_minor: int


class BatchOut(BaseModel):
    """Payouts of one currency that go the same way together."""

    id: str
    currency: str
    provider: str
    status: BatchStatus
    payouts: int = Field(description="With how many it was prepared.")
    amount_minor: int
    prepared_by: str = Field(description="A key's id, or that of the key somebody signed in with.")
    prepared_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    sent_at: datetime | None
    standing: list[TallyOut] | None = Field(None, description="How its payouts stand; for a single batch only.")

    @classmethod
    def of(cls, batch: Batch, tally: dict[str, tuple[int, int]] | None = None) -> Self:
        """As callers see it."""
        standing = None
        if tally is not None:
            standing = [
                TallyOut.model_validate({"status": status, "payouts": count, "amount_minor": amount})
                for status, (count, amount) in sorted(tally.items())
            ]
        return cls(
            id=batch.batch_id,
            currency=batch.currency,
            provider=batch.provider,
            status=batch.status,
            payouts=batch.payouts,
            amount_minor=batch.amount_minor,
            prepared_by=batch.made_by,
            prepared_at=batch.made_at,
            approved_by=batch.approved_by,
            approved_at=batch.approved_at,
            sent_at=batch.sent_at,
            standing=standing,
        )


class ResultIn(BaseModel):
    """What became of a payout."""

    model_config = _IN

    payout_id: str = Field(max_length=64)
    outcome: Outcome
    reference: Word | None = Field(None, description="What whoever paid calls it.")
    reason: Word | None = None
    fee_minor: Minor | None = None

    def result(self) -> Result:
        """As actions take it."""
        return Result(**self.model_dump())


class ResultsIn(BaseModel):
    """What became of many: as a list, or as the text of a CSV file with payout_id and status."""

    model_config = _IN

    results: list[ResultIn] | None = Field(None, min_length=1, max_length=5_000)
    csv: str | None = Field(None, max_length=200_000)


class MarkIn(BaseModel):
    """What became of one payout."""

    model_config = _IN

    reference: Word | None = None
    reason: Word | None = None
    fee_minor: Minor | None = None


class PayoutOut(BaseModel):
    """Money on its way to an ambassador: all that they had available when it was prepared."""

    id: str
    batch_id: str
    ambassador_id: str
    amount_minor: int
    currency: str
    method: Method
    destination: str = Field("", description="Its last signs. The whole account is in the batch's file only.")
    provider: str
    status: PayoutStatus
    reason: str | None
    reference: str | None
    fee_minor: int | None
    revision: int
    prepared_at: datetime
    sent_at: datetime | None
    changed_at: datetime

    @classmethod
    def of(cls, payout: Payout, place: Destination | None = None) -> Self:
        """As callers see it."""
        return cls(
            id=payout.payout_id,
            batch_id=payout.batch_id,
            ambassador_id=payout.ambassador_id,
            amount_minor=payout.amount_minor,
            currency=payout.currency,
            method=payout.method,
            destination="" if place is None else place.hint,
            provider=payout.provider,
            status=payout.status,
            reason=payout.reason,
            reference=payout.reference,
            fee_minor=payout.fee_minor,
            revision=payout.revision,
            prepared_at=payout.prepared_at,
            sent_at=payout.sent_at,
            changed_at=payout.changed_at,
        )

    def flat(self) -> dict[str, object]:
        """As a row of a spreadsheet: amounts in units."""
        return self.model_dump() | {
            "amount": in_units(self.amount_minor, self.currency),
            "fee": in_units(self.fee_minor, self.currency),
        }


CSV_COLUMNS = (
    *("id", "batch_id", "ambassador_id", "ambassador_code", "amount", "fee", "currency", "method", "destination"),
    *("provider", "status", "reason", "reference", "revision", "prepared_at", "sent_at", "changed_at"),
)


class PartOut(BaseModel):
    """What one reward added to a payout, or took from it; or an earlier payout that came back."""

    reward_id: str | None
    payout_id: str | None
    amount_minor: int


class StepOut(BaseModel):
    """One status that the payout had."""

    status: str
    reason: str | None
    by: Literal["key", "operator", "member", "ambassador", "system"]
    at: datetime


class CalledOut(BaseModel):
    """What is known of the calls for a payout: of providers that are called."""

    provider_id: str
    tries: int = Field(description="How often it was given, each time under the same key.")
    tried_at: datetime | None = Field(description="When it was first given.")
    key: str = Field(description="That of its call: its own id, or that of its part of the batch.")
    word: str | None = Field(description="What the provider said last, in its own word.")
    detail: str | None
    told_at: datetime | None
    at_odds: bool = Field(description="That cannot be, by what is in the books: somebody must look at both.")

    @classmethod
    def of(cls, one: Called) -> Self:
        """As callers see it."""
        return cls(
            provider_id=one.provider_id,
            tries=one.tries,
            tried_at=one.tried_at,
            key=one.sending_key,
            word=one.word,
            detail=one.detail,
            told_at=one.told_at,
            at_odds=one.at_odds,
        )


class PayoutLifeOut(PayoutOut):
    """One payout with what it is made of, and its life."""

    parts: list[PartOut] = Field(description="They add up to the amount; at most 1,000 of them.")
    life: list[StepOut]
    called: CalledOut | None = Field(None, description="Of a provider that is called; null for the other ways.")

    @classmethod
    def whole(
        cls,
        payout: Payout,
        place: Destination | None,
        parts: Sequence[Part],
        life: Sequence[Step],
        called: Called | None = None,
    ) -> Self:
        """As callers see it."""
        return cls.model_validate(
            {
                **PayoutOut.of(payout, place).model_dump(),
                "parts": [
                    PartOut(reward_id=one.reward_id, payout_id=one.payout_id, amount_minor=one.amount_minor)
                    for one in parts
                ],
                "life": [
                    {"status": one.status, "reason": one.reason, "by": one.actor_kind, "at": one.at} for one in life
                ],
                "called": None if called is None else CalledOut.of(called),
            }
        )


class DestinationOut(BaseModel):
    """Where an ambassador's money goes: they alone set it, at the portal."""

    ambassador_id: str
    method: Method
    destination: str = Field(description="Its last signs.")
    usable_at: datetime = Field(description="Nothing is paid there before.")
    made_at: datetime

    @classmethod
    def of(cls, one: Destination) -> Self:
        """As callers see it."""
        return cls(
            ambassador_id=one.ambassador_id,
            method=one.method,
            destination=one.hint,
            usable_at=one.usable_at,
            made_at=one.made_at,
        )
