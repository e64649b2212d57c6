"""Files of a batch, made when they are downloaded: accounts are opened for that moment and kept nowhere."""

from zoneinfo import ZoneInfo

import orjson
from msgspec.structs import replace

from services.common.money import to_decimal
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid
from services.kernel.http.pages import csv_text
from services.kernel.ids import new_id
from services.rewards.destinations import actions as destinations
from services.rewards.destinations import sql as destination_rows
from services.rewards.destinations.domain import Details, Refused, checked
from services.rewards.payouts.actions import batch as batches
from services.rewards.payouts.domain.bank_file import Account, Instruction, Transfer, bank_file
from services.rewards.payouts.domain.states import Payout
from services.rewards.payouts.domain.terms import PAYER, CsvField, Terms
from services.rewards.payouts.sql import payouts as sql
from services.rewards.payouts.sql import terms as rows
from services.rewards.payouts.sql.payouts import Batch
from services.rewards.slices import sql as slices


class NoFile(Conflict):
    """There is nothing that a file could be made of."""

    code = "no_file"


async def csv_of(tx: Tx, sealing: Sealing, store_id: str, batch_id: str) -> str:
    """A batch as the operator's spreadsheet: its own columns. Raises `NoFile` before it was sent."""
    batch, sent = await _sent(tx, store_id, batch_id)
    terms = await rows.terms(tx, store_id, batch.currency)
    opened = await _opened(tx, sealing, store_id, sent)
    note = (await slices.shop(tx, store_id)).name
    cells = [
        [_cell(field, one, opened[one.payout_id], note) for _, field in terms.columns]
        for one in sent
        if one.payout_id in opened
    ]
    tx.note("payouts.file_made", on=batch_id, after={"kind": "csv", "count": len(opened)})
    return csv_text(cells, [heading for heading, _ in terms.columns])


def _cell(field: CsvField, payout: Payout, details: Details, note: str) -> object:
    return {
        "payout_id": payout.payout_id,
        "holder": details.holder,
        "destination": details.value,
        "method": payout.method,
        "amount": to_decimal(payout.amount_minor, payout.currency),
        "amount_minor": payout.amount_minor,
        "currency": payout.currency,
        "note": note,
    }[field]


async def bank_file_of(tx: Tx, sealing: Sealing, store_id: str, batch_id: str) -> bytes:
    """A batch as its bank takes it. Raises `NoFile` before it was sent, or without an account to pay from."""
    batch, sent = await _sent(tx, store_id, batch_id)
    terms = await rows.terms(tx, store_id, batch.currency)
    payer = payer_of(sealing, terms)
    if batch.provider != "bank_file" or payer is None or batch.sent_at is None:
        raise NoFile("Only a batch for the bank has a bank file, and the account that money comes from must be set.")
    opened = await _opened(tx, sealing, store_id, sent)
    shop = await slices.shop(tx, store_id)
    tx.note("payouts.file_made", on=batch_id, after={"kind": "bank_file", "count": len(opened)})
    return bank_file(
        Instruction(
            batch_id=batch_id,
            made_at=batch.sent_at,
            day=batch.sent_at.astimezone(ZoneInfo(shop.timezone)).date(),
            currency=batch.currency,
            payer=Account(holder=payer.holder, iban=payer.value),
            note=shop.name,
            transfers=[
                Transfer(
                    payout_id=one.payout_id,
                    amount=to_decimal(one.amount_minor, one.currency),
                    to=Account(holder=opened[one.payout_id].holder, iban=opened[one.payout_id].value),
                )
                for one in sent
                if one.payout_id in opened
            ],
        )
    )


async def _sent(tx: Tx, store_id: str, batch_id: str) -> tuple[Batch, list[Payout]]:
    """A batch and all of its payouts that were ever sent: whatever was reported since, the file stays the same."""
    batch = await batches.get(tx, store_id, batch_id)
    sent = [one for one in await sql.of_batch(tx, store_id, batch_id) if one.sent_at is not None]
    if not sent:
        raise NoFile("The file is there once the batch is sent.")
    return batch, sent


async def _opened(tx: Tx, sealing: Sealing, store_id: str, payouts: list[Payout]) -> dict[str, Details]:
    """Where payouts go, by their ids. Left out is who was erased since, or replaced a destination that was paid."""
    places = await destination_rows.several(tx, store_id, [one.destination_id for one in payouts])
    found: dict[str, Details] = {}
    for one in payouts:
        place = places.get(one.destination_id)
        if place is None or place.sealed is None:
            continue
        details = destinations.opened(sealing, place)
        if details is None:  # a file without them would look whole, and they would never be paid
            raise NoFile(
                f"Where payout {one.payout_id} goes cannot be opened: the key that sealed it is gone. Bring it back, or"
                " tell that the payout failed."
            )
        found[one.payout_id] = details
    if not found:
        raise NoFile("Where these payouts went is not kept any more.")
    return found


def payer_of(sealing: Sealing, terms: Terms) -> Details | None:
    """The store's own account; None where none is set, or its key is gone."""
    if terms.payer is None or terms.payer_id is None:
        return None
    try:
        holder, iban = orjson.loads(sealing.open(PAYER, terms.payer, owner=terms.payer_id))
    except ValueError:
        return None
    return Details(method="iban", holder=holder, value=iban)


def with_payer(sealing: Sealing, terms: Terms, *, holder: str, iban: str) -> Terms:
    """The terms with that account to pay from. Raises `Invalid`."""
    try:
        details = checked("iban", holder=holder, value=iban)
    except Refused as error:
        named = "payer.holder" if error.field == "holder" else "payer.iban"
        detail = "Give the name of whoever the account is of." if error.field == "holder" else "This is no valid IBAN."
        raise Invalid.field(named, detail, code=error.wrong) from None
    payer_id = new_id("ppr")
    packed = orjson.dumps((details.holder, details.value))
    return replace(terms, payer_id=payer_id, payer=sealing.seal(PAYER, packed, owner=payer_id))
