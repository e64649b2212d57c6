"""What an appeal may be. Pure."""

from typing import Final, Literal

Kind = Literal["wrong", "missing"]
"""What is decided of a friend is wrong; or a friend is not there at all."""
State = Literal["open", "accepted", "refused", "withdrawn"]
"""`withdrawn`: of somebody who was erased before the store answered."""
Verdict = Literal["accept", "refuse"]
Outcome = Literal["attributed", "stands", "goodwill", "nothing"]
"""What came of an answer: the order counts as the ambassador's now; it did already; nothing can be decided any more,
so that only the store's goodwill mends; the store refused.
"""

A_DAY: Final = 5
"""Appeals that an ambassador may write in 24 hours."""
OPEN: Final = 10
"""Of these, so many may wait for an answer."""
LONGEST: Final = 1_000
LONGEST_NUMBER: Final = 64


def written(text: str, *, most: int = LONGEST) -> str:
    """What somebody wrote, in lines, without signs that nobody can see; cut to the longest that is kept."""
    lines = ("".join(sign for sign in line if sign.isprintable()).strip() for line in text.splitlines())
    return "\n".join(lines).strip()[:most].rstrip()
