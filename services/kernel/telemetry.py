"""Structured logs without personal data, and the numbers that `/metrics` shows.

Log lines are JSON. Only fields on a list get through: a value that somebody logs under a new name is replaced by its
type until the name is added here, so that no mail address can slip in by accident. Messages are constant words.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog
from prometheus_client import Counter, Gauge, Histogram

from services.kernel import trace

LOGGED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "trace",
        "request_id",
        "service",
        "group",
        "topic",
        "topics",
        "partition",
        "partitions",
        "offset",
        "job",
        "store_id",
        "event_id",
        "event_type",
        "hook",
        "error",
        "sqlstate",
        "where",
        "attempts",
        "count",
        "seconds",
        "bytes",
        "path",
        "spool",
        "port",
        "host",
        "url",
        "status",
        "method",
        "route",
        "code",
        "task",
        "instance",
        "member",
        "name",
        "reason",
        "signal",
        "pid",
        "revision",
        "depth",
        "position",
        "services",
    }
)

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
AGES = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)

OUTBOX_DEPTH = Gauge("kith_outbox_events", "Events that wait for the relay.", ("service",))
OUTBOX_AGE = Gauge("kith_outbox_oldest_seconds", "Age of the oldest event that waits for the relay.", ("service",))
RELAYED = Counter("kith_relayed_events_total", "Events that reached the bus.", ("service",))
RELAY_FAILURES = Counter("kith_relay_failures_total", "Attempts to publish that failed.", ("service",))
CONSUMED = Counter("kith_consumed_events_total", "Events handled.", ("group", "type"))
EVENT_AGE = Histogram(
    "kith_event_age_seconds",
    "From a batch's oldest event to the commit of its effect; for kith.attribution that is the age of decisions.",
    ("group",),
    buckets=AGES,
)
LAG = Gauge("kith_consumer_lag_events", "Events behind the end of the topic.", ("group", "topic"))
RETRIES = Counter("kith_consumer_retries_total", "Batches tried again.", ("group", "reason"))
DEAD_LETTERS = Counter("kith_dead_letters_total", "Events put aside.", ("group", "reason"))
LETTERS_WAITING = Gauge("kith_dead_letters_waiting", "Events put aside that nobody has replayed yet.", ("group",))
SPOOL_BYTES = Gauge("kith_spool_bytes", "Bytes that wait in spool files.", ("spool",))
SPOOL_AGE = Gauge("kith_spool_oldest_seconds", "How long the oldest spooled line may have waited.", ("spool",))
SPOOL_REFUSED = Counter("kith_spool_refused_total", "Lines refused because the spool or its disk was full.", ("spool",))
SPOOL_BAD = Counter("kith_spool_bad_lines_total", "Spooled lines that could not be applied.", ("spool",))
BATCH_ITEMS = Histogram(
    "kith_batch_items", "Items written in one commit.", ("batch",), buckets=(1, 2, 5, 10, 50, 100, 500)
)
READY = Gauge("kith_ready", "Whether a condition of readiness holds: 1 or 0.", ("check",))
JOB_FAILURES = Counter("kith_job_failures_total", "Runs of a job that failed.", ("service", "name"))
LOOP_LAG = Histogram("kith_event_loop_lag_seconds", "How late the event loop wakes a timer.", buckets=QUICK)
POOL_WAIT = Histogram(
    "kith_database_connection_wait_seconds", "How long a transaction waited for its connection.", buckets=QUICK
)
POOL_IN_USE = Gauge("kith_database_connections_in_use", "Pool connections that are checked out.", ("service",))

_set_up = False


def _trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    current = trace.current()
    if current is not None:
        event["trace"] = current[3:35]
    return event


def _allowed_only(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event.keys() - LOGGED:
        event[name] = f"<{type(event[name]).__name__}>"
    return event


class _Stderr:
    """Standard error that is lost rather than raised: a full disk under the log must not end what would mend itself."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


class _Bridge(logging.Handler):
    """Libraries log with the standard module. Their text may quote values: only logger, place and error type pass."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().log(
            record.levelno, "library", name=record.name, where=f"{record.module}:{record.lineno}", error=error
        )


def set_up_logs(level: str = "info") -> None:
    """Sends structured lines to stderr. Safe to call more than once."""
    global _set_up
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _trace,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _allowed_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Stderr())),
        cache_logger_on_first_use=False,
    )
    if not _set_up:
        root = logging.getLogger()
        root.addHandler(_Bridge(level=logging.WARNING))
        root.setLevel(logging.WARNING)
        # While a broker is away the client complains thirty times a second; the bus says it once per attempt.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        _set_up = True


def where(error: BaseException) -> str:
    """The innermost place of a traceback, as `file:line`: what a log may say of an error besides its type."""
    frame = error.__traceback__
    if frame is None:
        return "?"
    while frame.tb_next is not None:
        frame = frame.tb_next
    name = frame.tb_frame.f_code.co_filename.rsplit("/", 2)
    return f"{'/'.join(name[-2:])}:{frame.tb_lineno}"


def describe(error: BaseException) -> dict[str, str | None]:
    """Fields that identify an error without its message, which may quote a row's values."""
    cause = getattr(error, "orig", None) or error.__cause__ or error
    return {"error": type(cause).__name__, "sqlstate": getattr(cause, "sqlstate", None), "where": where(cause)}
