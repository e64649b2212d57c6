"""Quick answers: what a hot route can say at once, from memory, without awaiting anything.

A hot route may have a `quick` function beside its handler. The server's connection calls it for a request that has
arrived whole; None sends the request the usual way, through the handler, which knows all cases. So a quick function
knows one case, the common one, and must answer it exactly as the handler does. It must have no effect unless it
answers: what it raises counts as None, and the handler then meets the same and says it properly.

What has to wait for something that others do, as for a commit of many, is answered `DeferredAnswer`. If that fails, the
handler does it all again; so this is for requests whose repetition changes nothing.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any, NamedTuple

from starlette.types import Scope

from services.kernel.http.timing import BUCKETS

QuickAnswer = tuple[int, bytes, bytes]
"""Status; header lines, each with its end, without `date` and `content-length`; body."""


class DeferredAnswer(NamedTuple):
    """An answer to come: `answer(result)` once `future` has its result, without awaiting anything."""

    future: asyncio.Future[Any]
    answer: Callable[[Any], QuickAnswer]


Quick = Callable[[Scope, bytes], QuickAnswer | DeferredAnswer | None]
"""Of the scope only method, path, query and headers are sure to be there."""


def lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Header pairs as the lines of an answer; for headers that are ours, and known to need no check."""
    return b"".join(b"%b: %b\r\n" % pair for pair in headers)


def timed(quick: Quick, series_of: Callable[[int], list[float]], *, takes_query: bool) -> Quick:
    """The function with its answers counted, and with everything that it does not answer left to the handler."""
    counted: dict[int, list[float]] = {}

    def count(status: int, seconds: float) -> None:
        series = counted.get(status)
        if series is None:
            series = counted[status] = series_of(status)
        # Nearly all that never waits is in the first bucket: it takes no millisecond.
        series[0 if seconds <= BUCKETS[0] else bisect_left(BUCKETS, seconds)] += 1
        series[-1] += seconds

    def answer(scope: Scope, body: bytes) -> QuickAnswer | DeferredAnswer | None:
        began = perf_counter()
        if not takes_query and scope["query_string"]:
            return None
        try:
            found = quick(scope, body)
        except Exception:
            return None
        if found is None:
            return None
        if isinstance(found, DeferredAnswer):
            answered = found.answer

            def counted_then(result: Any) -> QuickAnswer:
                reported = answered(result)
                count(reported[0], perf_counter() - began)
                return reported

            return DeferredAnswer(found.future, counted_then)
        count(found[0], perf_counter() - began)
        return found

    return answer
