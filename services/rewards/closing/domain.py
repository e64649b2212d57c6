"""Months in a store's zone, and the export of one: its columns, its bytes, its totals. Pure.

An export is compared with the books as long as both are kept, so what it is made like never changes: whoever wants
other columns makes a second version beside this one.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from services.common.money import in_units
from services.rewards.ledger.domain import Posted
from services.rewards.rules.domain import POINTS

GRACE: Final = timedelta(hours=24)
"""After a month's end, until it can be closed: whatever began in it has ended by then, or was posted later."""
MONTH: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
COLUMNS: Final = (
    *("number", "line", "at", "movement", "reward_id", "payout_id", "corrects"),
    *("account", "owner", "unit", "debit", "credit", "hash"),
)
_FORMULA: Final = re.compile(r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]")


class Total(Struct, frozen=True, kw_only=True):
    """One kind of account over a month, in minor units or points. Debits are above zero:
    closing = opening + debits − credits.
    """

    account: str
    unit: str
    opening: int
    debits: int
    credits: int
    closing: int


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """The month of a moment where the store is: 2026-10."""
    return f"{moment.astimezone(zone):%Y-%m}"


def first_day(month: str) -> date:
    """The first day of a month."""
    return date.fromisoformat(f"{month}-01")


def following(month: str) -> str:
    """The month after."""
    return f"{first_day(month) + timedelta(days=31):%Y-%m}"


def end_of(month: str, zone: ZoneInfo) -> datetime:
    """The moment at which a month is over where the store is."""
    return datetime.combine(first_day(following(month)), time(), zone).astimezone(UTC)


def head() -> bytes:
    """The first line of an export."""
    return _written([COLUMNS])


def part(sets: Iterable[Posted]) -> bytes:
    """Lines of sets, in their order: RFC 4180, UTF-8, moments in UTC, money in units of its currency. A quote stands in
    front of what a spreadsheet would run.
    """
    return _written([_cells(one, line) for one in sets for line in range(1, len(one.entries) + 1)])


def _cells(one: Posted, line: int) -> Sequence[str]:
    entry = one.entries[line - 1]
    amount = in_units(abs(entry.amount_minor), None if entry.unit == POINTS else entry.unit)
    return (
        str(one.number),
        str(line),
        one.at.astimezone(UTC).isoformat(timespec="microseconds"),
        one.movement,
        _safe(one.reward_id or ""),
        _safe(one.payout_id or ""),
        "" if one.corrects is None else str(one.corrects),
        str(entry.account),
        _safe(entry.owner),
        entry.unit,
        f"{amount:f}" if entry.amount_minor > 0 else "",
        f"{amount:f}" if entry.amount_minor < 0 else "",
        one.hash.hex(),
    )


def _safe(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def carried(before: Sequence[Total], moved: Mapping[tuple[str, str], tuple[int, int]]) -> list[Total]:
    """The totals of a month, from those of the month before and (account, unit) → (debits, credits)."""
    opening = {(one.account, one.unit): one.closing for one in before}
    found = []
    for account, unit in sorted(opening.keys() | moved.keys(), key=lambda key: (key[1], key[0])):
        stood, (debits, credits) = opening.get((account, unit), 0), moved.get((account, unit), (0, 0))
        found.append(
            Total(
                account=account,
                unit=unit,
                opening=stood,
                debits=debits,
                credits=credits,
                closing=stood + debits - credits,
            )
        )
    return found
