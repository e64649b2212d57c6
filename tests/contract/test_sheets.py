"""Every spreadsheet, read from the source: money in units of a currency that stands in its row."""

import ast
import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.rewards.payouts.domain.terms import USUAL_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
WRITERS = {"csv_response", "csv_download", "page_or_csv", "csv_text", "Sheet", "writerows"}
AMOUNTS = {
    *("amount", "fee", "left", "total", "refunded", "revenue", "reward", "available", "want", "bound", "balance"),
    *("on_hold", "in_payout", "debit", "credit", "own", "granted_own", "granted_friends", "difference", "value"),
    *("numerator", "denominator", "reserved"),
}
"""Heads under which amounts stand."""
OTHERWISE = {
    "kernel/http/pages.py": "the writers themselves",
    "analytics/exports/api.py": "writes the sheets that others made",
    "analytics/overview/api.py": "writes the sheet of its domain",
    "analytics/metrics/api.py": "writes the sheet of its domain",
    "rewards/payouts/actions/files.py": "the columns that a store's bank wants: the usual ones are looked at here",
    "rewards/closing/domain.py": "writes its lines; their head is COLUMNS",
}


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in WRITERS:
            yield node


def heads(place: str, call: ast.Call) -> Sequence[str]:
    """The heads that a call writes: a constant of its file, or words that stand there, a metric's own key beside."""
    (found,) = [word.value for word in call.keywords if word.arg == "columns"] or call.args[1:2]
    if isinstance(found, ast.Name):
        module = importlib.import_module("services." + place.removesuffix(".py").replace("/", "."))
        return tuple(getattr(module, found.id))
    assert isinstance(found, ast.Tuple), f"{place}:{call.lineno} has columns that cannot be read here"
    return [str(one.value) if isinstance(one, ast.Constant) else "value" for one in found.elts]


def sheets() -> dict[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {}
    for path in sorted((ROOT / "services").rglob("*.py")):
        place = str(path.relative_to(ROOT / "services"))
        if place not in OTHERWISE:
            found |= {f"{place}:{call.lineno}": heads(place, call) for call in calls(path)}
    closed = importlib.import_module("services.rewards.closing.domain").COLUMNS
    return found | {"months that were closed": closed, "a bank's file": [name for name, _ in USUAL_COLUMNS]}


def test_amounts_are_in_units_beside_their_currency() -> None:
    for place, columns in sheets().items():
        if place != "a bank's file":  # where a bank asks for minor units they stand beside the amount
            assert not [one for one in columns if "minor" in one], place
        if amounts := AMOUNTS.intersection(columns):
            assert {"currency", "unit"}.intersection(columns), f"{place}: in what are {sorted(amounts)}?"


def test_what_names_a_person_by_id_says_their_code_or_name_too() -> None:
    for place, columns in sheets().items():
        if "ambassador_id" in columns:
            assert {"ambassador_code", "ambassador_name", "code"}.intersection(columns), place


def test_what_is_looked_at_otherwise_writes_spreadsheets_still() -> None:
    assert [place for place in OTHERWISE if not list(calls(ROOT / "services" / place))] == []
