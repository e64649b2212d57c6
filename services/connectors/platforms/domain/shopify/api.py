"""Shopify's Admin API (GraphQL): where it answers, and what its answers say of themselves. Pure.

Calls are counted by what they ask for, in points that come back by the second; an answer that is too dear says so with
the status of a good one.
"""

from collections.abc import Mapping
from typing import Any, Final

VERSION: Final = "2026-10"
PATH: Final = f"/admin/api/{VERSION}/graphql.json"
_UNTOLD_S: Final = 5.0
_LONGEST_S: Final = 60.0


def error_codes(answer: Mapping[str, Any]) -> frozenset[str]:
    """The codes of an answer's errors; of one without a code "None"."""
    errors = answer.get("errors")
    found = [error for error in errors if isinstance(error, Mapping)] if isinstance(errors, list) else []
    parts = [error.get("extensions") for error in found]
    return frozenset(str(part.get("code") if isinstance(part, Mapping) else None) for part in parts)


def points_in_s(answer: Mapping[str, Any]) -> float | None:
    """Seconds until there are points for such a request again, 0 if there are; None if the answer does not say."""
    try:
        cost = answer["extensions"]["cost"]
        status = cost["throttleStatus"]
        lacking = float(cost["requestedQueryCost"]) - float(status["currentlyAvailable"])
        return min(_LONGEST_S, max(0.0, lacking / float(status["restoreRate"])))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def throttled_for_s(answer: Mapping[str, Any]) -> float:
    """Seconds to wait after an answer that found no points: one at least."""
    wait = points_in_s(answer)
    return _UNTOLD_S if wait is None else max(1.0, wait)
