"""Shopify's Admin API (GraphQL): where it answers, and what its answers say of themselves. Pure.

Calls are counted by what they ask for, in points that come back by the second; an answer that is too dear says so with
the status of a good one.
"""

from collections.abc import Mapping
from typing import Any, Final

VERSION: Final = "2026-10"
PATH: Final = f"/admin/api/{VERSION}/graphql.json"
_ADDRESSES: Final = frozenset({"shippingAddress", "billingAddress"})
_USUAL_WAIT_S: Final = 5.0
_LONGEST_S: Final = 60.0


def error_codes(answer: Mapping[str, Any]) -> frozenset[str]:
    """The codes of an answer's errors; of one without a code "None"."""
    parts = [error.get("extensions") for error in _errors(answer)]
    return frozenset(str(part.get("code") if isinstance(part, Mapping) else None) for part in parts)


def without_addresses(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer without the errors that say that an app may not see addresses: those are null then, and an order
    without its country is an order all the same.
    """
    left = [error for error in _errors(answer) if not _of_address(error)]
    return {**answer, "errors": left} if isinstance(answer.get("errors"), list) else dict(answer)


def _errors(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = answer.get("errors")
    return [error for error in errors if isinstance(error, Mapping)] if isinstance(errors, list) else []


def _of_address(error: Mapping[str, Any]) -> bool:
    path, part = error.get("path"), error.get("extensions")
    denied = isinstance(part, Mapping) and part.get("code") == "ACCESS_DENIED"
    return denied and isinstance(path, list) and not _ADDRESSES.isdisjoint(str(one) for one in path)


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
    return _USUAL_WAIT_S if wait is None else max(1.0, wait)
