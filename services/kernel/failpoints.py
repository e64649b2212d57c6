"""Places where a test can make a process die or fail: `KITH_FAILPOINTS=relay.after_send=kill@37,spool.append=raise`.

`kill` ends the process as `kill -9` would; `raise` raises `FailpointHit`; `@n` waits for the n-th time. With a service
in front, `rewards:relay.after_send=kill`, only processes of that service have it.
With `KITH_FAILPOINTS_ONCE` naming a directory, each failpoint fires once even across restarts and leaves a file with
its name there, so that a test can prove that the fault happened. With `KITH_FAILPOINTS_WHEN` naming a file, nothing
is counted while that file is not there: the set-up comes first. Unset, a failpoint costs one truth test.

There are: `relay.after_send`; `consume.before_commit`, `consume.after_commit`, `consume.before_offset_commit`;
`spool.append` (leaves half a line), `spool.before_commit`, `spool.after_commit`; `batch.before_write`,
`batch.after_write`; `orders.before_commit`, `orders.after_commit`; `deliveries.after_kept`, `deliveries.before_read`,
`deliveries.after_read`; `handover.hooks`, `handover.deliveries`; `sweep.before_commit`; `work.before_run`,
`work.before_note`, `work.after_note`.
"""

import os
import signal
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path


class FailpointHit(RuntimeError):
    """Raised where a test asked for it."""


@dataclass(slots=True)
class _Point:
    name: str
    """As it was asked for, with its service."""
    action: str
    countdown: int


_armed: dict[str, _Point] = {}


def configure(text: str) -> None:
    """Arms the failpoints in `text` and disarms all others. Raises `ValueError` when it cannot be read."""
    _armed.clear()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, what = part.partition("=")
        action, _, count = what.partition("@")
        if action not in {"kill", "raise"}:
            raise ValueError(f"failpoint {name}: {action!r} is neither kill nor raise")
        _armed[name] = _Point(name, action, int(count or 1))


def narrow(services: Collection[str]) -> None:
    """Says which services run in this process: failpoints of others are disarmed."""
    for name in [name for name in _armed if ":" in name]:
        point = _armed.pop(name)
        service, _, place = name.partition(":")
        if service in services:
            _armed[place] = point


def any_armed() -> bool:
    """Whether there is anything to ask about at all."""
    return bool(_armed)


def armed(name: str) -> bool:
    """Whether the next `hit` of this name would act; for places that must prepare something worse than dying."""
    point = _armed.get(name) if _armed and _begun() else None
    return point is not None and point.countdown == 1 and not _marker(point.name, exists=True)


def hit(name: str) -> None:
    """Acts if this failpoint is armed and its count is reached."""
    if not _armed:
        return
    point = _armed.get(name)
    if point is None or not _begun():
        return
    point.countdown -= 1
    if point.countdown > 0:
        return
    del _armed[name]
    if _marker(point.name, exists=True):
        return
    _marker(point.name, exists=False)
    if point.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise FailpointHit(name)


def _begun() -> bool:
    flag = os.environ.get("KITH_FAILPOINTS_WHEN")
    return not flag or Path(flag).exists()


def _marker(name: str, *, exists: bool) -> bool:
    folder = os.environ.get("KITH_FAILPOINTS_ONCE")
    if not folder:
        return False
    marker = Path(folder) / name
    if exists:
        return marker.exists()
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    return True


configure(os.environ.get("KITH_FAILPOINTS", ""))
