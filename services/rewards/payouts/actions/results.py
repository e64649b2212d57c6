"""What became of payouts: reported one by one, or many at once from a bank's or a provider's list."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final, Literal, get_args

from services.common.words import Translatable, _
from services.kernel.db import Tx
from services.kernel.errors import Conflict, FieldError, Invalid, NotFound
from services.rewards.payouts.actions import batch as batches
from services.rewards.payouts.actions import calls as looking
from services.rewards.payouts.actions.move import move
from services.rewards.payouts.domain.bank_file import own_id
from services.rewards.payouts.domain.states import Payout, StatusChange
from services.rewards.payouts.sql import calls
from services.rewards.payouts.sql import payouts as sql
from services.rewards.payouts.sql.calls import Called
from services.rewards.payouts.sql.payouts import Batch
from services.rewards.providers.actions.setup import forget_secrets

Outcome = Literal["paid", "failed", "returned"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
_LONGEST: Final = 100
_MOST_ERRORS: Final = 20


class PayoutNotFound(NotFound):
    """No payout has this id in this store."""

    code = "payout_not_found"

    def __init__(self, payout_id: str) -> None:
        super().__init__(f"There is no payout {payout_id}.")


class Busy(Conflict):
    """The provider is being called for this payout."""

    code = "payout_busy"

    def __init__(self, payout_id: str) -> None:
        super().__init__(
            f"The provider is being asked about payout {payout_id} at this moment. Wait a minute, and look again.",
            members={"payout_id": payout_id},
        )


class NotCalled(Conflict):
    """Nobody is called for this payout."""

    code = "payout_not_called"

    def __init__(self, payout_id: str) -> None:
        super().__init__(f"No provider is called for payout {payout_id}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one payout."""

    payout_id: str
    outcome: Outcome
    reference: str | None = None
    reason: str | None = None
    fee_minor: int | None = None


async def get(tx: Tx, store_id: str, payout_id: str) -> Payout:
    """A payout. Raises `PayoutNotFound`."""
    found = await sql.several(tx, store_id, [payout_id])
    if payout_id not in found:
        raise PayoutNotFound(payout_id)
    return found[payout_id]


async def cancel(tx: Tx, store_id: str, payout_id: str) -> Payout:
    """Takes one payout out of its batch before that is sent. A repeat changes nothing.

    Raises `PayoutNotFound`, `NotPossible`.
    """
    await tx.lock_stores([store_id])
    before = await get(tx, store_id, payout_id)
    (after,) = await move(tx, [(before, StatusChange(status="cancelled", reason="by_person"))])
    if after is not before:
        _note(tx, "payout.cancelled", before, after)
    return after


async def look_up(tx: Tx, store_id: str, payout_id: str) -> Payout:
    """Has the provider asked what became of a payout, soon. Nothing is sent again by it. Raises `PayoutNotFound`, and
    `NotCalled` where no provider is.
    """
    payout = await get(tx, store_id, payout_id)
    called = (await calls.several(tx, store_id, [payout_id])).get(payout_id)
    if called is None:
        raise NotCalled(payout_id)
    await looking.look_now(tx, store_id, called)
    tx.note("payout.looked_up", on=payout_id)
    return payout


async def settle(tx: Tx, store_id: str, results: Sequence[Result]) -> list[Payout]:
    """Takes what became of payouts, all of it or nothing; what is known already changes nothing.

    Raises `Invalid` naming each row whose payout there is not, or that is reported twice; `NotPossible` for one that
    was never sent, or ended otherwise; `Busy` while a provider is asked about one.
    """
    await tx.lock_stores([store_id])
    known = await sql.several(tx, store_id, [one.payout_id for one in results])
    wrong = [
        FieldError(
            f"results.{place}.payout_id",
            "payout_not_found",
            Translatable(_("There is no payout %(id)s."), id=one.payout_id),
        )
        for place, one in enumerate(results)
        if one.payout_id not in known
    ]
    ids = [one.payout_id for one in results]
    seen: set[str] = set()
    for place, one in enumerate(ids):
        if one in seen:
            wrong.append(
                FieldError(
                    f"results.{place}.payout_id", "repeated", Translatable(_("Payout %(id)s is told twice."), id=one)
                )
            )
        seen.add(one)
    if wrong:
        raise Invalid("Some results are of no payout, or told twice.", errors=wrong[:_MOST_ERRORS])
    called = await calls.several(tx, store_id, ids)
    _nobody_is_asked(tx, called.values())
    changes = [
        (
            known[one.payout_id],
            StatusChange(status=one.outcome, reason=one.reason, reference=one.reference, fee_minor=one.fee_minor),
        )
        for one in results
    ]
    done = await move(tx, changes)
    for (before, _change), after in zip(changes, done, strict=True):
        if after is before:
            continue
        if after.status == "paid":
            _note(tx, "payout.paid", before, after)
        elif after.status == "failed":
            _note(tx, "payout.failed", before, after)
        else:
            _note(tx, "payout.returned", before, after)
    if called:
        await forget_secrets(tx, store_id, {one.provider_id for one in called.values()})
    return done


def _nobody_is_asked(tx: Tx, called: Iterable[Called]) -> None:
    """Who fails a payout by hand while its call is on its way would free money that may arrive in the same moment."""
    real = tx.now - tx.offset
    for one in called:
        if one.busy_until is not None and one.busy_until > real:
            raise Busy(one.payout_id)


async def of_batch(tx: Tx, store_id: str, batch_id: str, results: Sequence[Result]) -> Batch:
    """The same of one batch's payouts. Raises `Invalid` for a payout of another one, too."""
    batch = await batches.get(tx, store_id, batch_id)
    known = await sql.several(tx, store_id, [one.payout_id for one in results])
    wrong = [
        FieldError(
            f"results.{place}.payout_id",
            "other_batch",
            Translatable(_("Payout %(id)s is not of this batch."), id=one.payout_id),
        )
        for place, one in enumerate(results)
        if one.payout_id in known and known[one.payout_id].batch_id != batch_id
    ]
    if wrong:
        raise Invalid("Some results are of payouts of another batch.", errors=wrong[:_MOST_ERRORS])
    await settle(tx, store_id, results)
    return batch


def _note(tx: Tx, action: str, before: Payout, after: Payout) -> None:
    figures = {"status": after.status, "amount_minor": after.amount_minor, "currency": after.currency}
    tx.note(action, on=after.payout_id, before={"status": before.status}, after=figures)


def results_of(text: str) -> list[Result]:
    """A list of results as CSV: `payout_id` and `status`, and `reference`, `reason`, `fee_minor` where they are known.

    Raises `Invalid` naming the row and what is wrong with it.
    """
    if "\0" in text:  # no database takes one
        raise Invalid.field("csv", Translatable(_("Text may not contain the NUL character.")), code="nul")
    reader = csv.DictReader(StringIO(text.lstrip("\ufeff").strip()), strict=True)
    try:
        names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
        missing = {"payout_id", "status"} - set(names)
        if missing:
            mend = _("The first line names the columns; there is no %(names)s.")
            raise Invalid.field("csv", Translatable(mend, names=", ".join(sorted(missing))))
        rows = [{key: (row.get(name) or "").strip() for key, name in names.items()} for row in reader]
    except csv.Error:
        raise Invalid.field("csv", Translatable(_("This is no CSV: a quotation mark is left open."))) from None
    wrong: list[FieldError] = []
    found = [_result(row, place, wrong) for place, row in enumerate(rows, start=2) if any(row.values())]
    if wrong or not found:
        raise Invalid("Some lines cannot be read." if wrong else "There is no line with a result.", errors=wrong[:20])
    return [one for one in found if one is not None]


def _result(row: Mapping[str, str], line: int, wrong: list[FieldError]) -> Result | None:
    outcome, fee = row["status"].lower(), row.get("fee_minor", "")
    known: Mapping[str, Outcome] = {one: one for one in OUTCOMES}
    if outcome not in known:
        mend = Translatable(_("Line %(n)s: status is paid, failed or returned."), n=line)
        wrong.append(FieldError(f"csv.{line}.status", "invalid", mend))
        return None
    if fee and not (fee.isascii() and fee.isdigit() and len(fee) < 16):
        mend = Translatable(_("Line %(n)s: a fee is in whole minor units."), n=line)
        wrong.append(FieldError(f"csv.{line}.fee_minor", "invalid", mend))
        return None
    return Result(
        payout_id=own_id(row["payout_id"]),
        outcome=known[outcome],
        reference=row.get("reference", "")[:_LONGEST] or None,
        reason=row.get("reason", "")[:_LONGEST] or None,
        fee_minor=int(fee) if fee else None,
    )
