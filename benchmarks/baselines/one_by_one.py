"""The product itself, with one transaction per event: the same decisions, the same rows, the same code, no batches.

Fetching from the bus and committing offsets stay as they are; only the handling is one by one.
"""

from collections.abc import Sequence
from typing import Any

from services.cli.app import main
from services.kernel.consume import Consumer

_together = Consumer._apply


async def _apart(self: Consumer, arrived: Sequence[Any]) -> None:
    for one in arrived:
        await _together(self, [one])


if __name__ == "__main__":
    Consumer._apply = _apart  # type: ignore[method-assign]  # the difference that is to be measured
    main()
