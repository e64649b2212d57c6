"""Work for the processor that would hold the event loop's turn too long goes to a thread of its own.

The interpreter then takes turns between the two every few milliseconds: whoever waits for an answer waits that long.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

LITTLE = 50
"""So many items are soon done; to hand them over would cost more."""


async def in_thread(items: int, call: Callable[..., T], /, *arguments: Any) -> T:
    """Runs `call(*arguments)`, in a thread if it works on more than a few items (of some tenths of a millisecond)."""
    if items <= LITTLE:
        return call(*arguments)
    return await asyncio.to_thread(call, *arguments)
