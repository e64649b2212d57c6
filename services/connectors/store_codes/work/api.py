"""A shop's API, asked through the outbound door."""

from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.connectors.store_codes.domain.port import Request
from services.kernel.outbound import Answer, Outbound, OutboundError

PURPOSE: Final = "store-codes"
MOST_BYTES: Final = 4 * 1024 * 1024
READ_S: Final = 8.0
WRITE_S: Final = 40.0
"""A small server makes some coupons a second."""
_AWAY: Final = frozenset({429, 502, 503, 504})
_WAIT: Final = timedelta(seconds=30)
_NOTHING_DONE: Final = frozenset({400, 401, 403, 404, 405, 413, 429})
"""Statuses by which nothing was done, whatever was asked for."""


def basic(user: str | None, password: str) -> Mapping[str, str]:
    """What opens an API that takes a name and a password."""
    return {"authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


class NoAnswer(Exception):
    """The shop did not answer as it should. `after`: how long it asked to be left alone; `unanswered`: it may have done
    what it was asked for all the same.
    """

    def __init__(self, reason: str, *, after: timedelta | None = None, unanswered: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after
        self.unanswered = unanswered


@dataclass(frozen=True, slots=True)
class Api:
    """One shop's API, with what opens it."""

    door: Outbound
    host: str
    headers: Mapping[str, str]
    now: datetime
    """When the turn began, by the world's own clock, which shops have, too."""

    async def ask(self, request: Request) -> bytes:
        """The answer's body. Raises `NoAnswer`."""
        return (await self.ask_for(request)).body

    async def ask_for(self, request: Request, *, also: Collection[int] = ()) -> Answer:
        """The answer of a good status, or of one that says something, too. Raises `NoAnswer`."""
        reads = request.reads or request.method == "GET"
        try:
            answer = await self.door.send(
                request.method,
                f"https://{self.host}{request.path}",
                purpose=PURPOSE,
                headers={"accept": "application/json", **self.headers, **(request.headers or {})},
                content=request.body,
                deadline_s=READ_S if reads else WRITE_S,
                most_bytes=MOST_BYTES,
            )
        except OutboundError as error:
            raise NoAnswer(error.reason, unanswered=not reads) from error
        if answer.ok or answer.status in also:
            return answer
        after = answer.retry_after(self.now) or _WAIT if answer.status in _AWAY else None
        unanswered = not reads and answer.status not in _NOTHING_DONE
        raise NoAnswer(f"http_{answer.status}", after=after, unanswered=unanswered)
