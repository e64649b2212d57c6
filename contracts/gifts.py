"""What rules give that is no share of anything."""

from collections.abc import Mapping
from typing import Any, Literal

from contracts.fields import Minor
from contracts.goals import Strict


class Fixed(Strict):
    """The same amount for each reward, in the program's currency."""

    kind: Literal["fixed"]
    amount_minor: Minor


def no_share(give: Any, why: str) -> Any:
    """What was given, before it is read: raises, saying why, for a share."""
    kind = give.get("kind") if isinstance(give, Mapping) else getattr(give, "kind", None)
    if kind == "percent":
        raise ValueError(why)
    return give
