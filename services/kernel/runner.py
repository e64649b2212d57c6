"""Runs services in one process: all of them (embedded mode) or one. Starts in order, stops in reverse order.

Start: database, live state, resources, applications, relays, consumers, jobs, then the port. Stop: not ready, wait for
gateways to notice, finish requests, jobs and batches, drain the resources, send the outbox once more, close.
"""

import asyncio
import gc
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from starlette.types import ASGIApp

from services.kernel import failpoints, sighted, telemetry, used_keys, vital
from services.kernel.auth.opening import Opening
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.bus import letters
from services.kernel.bus.choose import open_bus
from services.kernel.bus.port import Bus
from services.kernel.bus.topics import TopicSpec, dead_letter_topics
from services.kernel.consume import Consumer
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.front import Front
from services.kernel.health import Check, Health
from services.kernel.http.app import Edge
from services.kernel.http.dispatch import Dispatcher
from services.kernel.http.idempotency import PURGE_JOB
from services.kernel.jobs import Jobs
from services.kernel.live import LiveState
from services.kernel.live_handlers import live_handlers
from services.kernel.outbound import Outbound
from services.kernel.relay import Relay
from services.kernel.server import Server
from services.kernel.service import ROLES, Handler, Job, Role, Service
from services.kernel.settings import Settings
from services.kernel.work import worker
from services.kernel.work.worker import Worker


class BackgroundDied(RuntimeError):
    """Something that must run as long as the process has ended; the process ends too, to be started afresh."""


@dataclass(slots=True)
class Process:
    """What runs. `contexts` by service name, for tests and for the starter."""

    url: str
    health: Health
    contexts: dict[str, Context]
    bus: Bus
    relays: dict[str, Relay] = field(default_factory=dict)
    consumers: list[Consumer] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


def group_name(service: Service, handler: Handler) -> str:
    """The consumer group of a handler."""
    return f"kith.{service.name}" if handler.group is None else f"kith.{service.name}.{handler.group}"


def subscriptions_of(services: Sequence[Service]) -> dict[str, frozenset[str]]:
    """Which topics each consumer group of these services reads."""
    read: dict[str, set[str]] = {}
    for service in services:
        for group, handlers in _by_group(service, lambda: None).items():
            read.setdefault(group, set()).update(str(m.TOPIC) for handler in handlers for m in handler.events)
    return {group: frozenset(topics) for group, topics in read.items()}


def handlers_of(service: Service, refresh_soon: Callable[[], None]) -> tuple[Handler, ...]:
    """All that a service handles, in the order in which a batch's events are: what the runtime keeps, what the product
    has every service keep, and its own. `refresh_soon` has the live state read again at once.
    """
    return (*live_handlers(refresh_soon), *service.product.handlers, *service.handlers)


def bus_of(services: Sequence[Service], settings: Settings) -> Bus:
    """The bus of these services by the settings, not yet started. Raises `ValueError` as `open_bus` does."""
    return open_bus(settings, services=[service.name for service in services], topics=topics_of(services))


def topics_of(services: Sequence[Service]) -> tuple[TopicSpec, ...]:
    """The topics that the bus of these services has: the product's, and one for each group's dead letters."""
    product = dict.fromkeys(topic for service in services for topic in service.product.topics)
    return (*product, *dead_letter_topics(groups_of(services)))


def groups_of(services: Sequence[Service]) -> tuple[str, ...]:
    """All consumer groups of these services; each service has its main one, which keeps the stores."""
    names = [f"kith.{service.name}" for service in services]
    names += [group_name(service, handler) for service in services for handler in service.handlers]
    return tuple(dict.fromkeys(names))


@asynccontextmanager
async def running(
    services: Sequence[Service],
    settings: Settings,
    *,
    port: int | None = None,
    bus: Bus | None = None,
    checks: Sequence[Callable[[], Check]] = (),
    roles: AbstractSet[Role] = ROLES,
) -> AsyncIterator[Process]:
    """Runs the services until the block ends. `port` 0 takes a free one; `bus` stands in for the one of the settings;
    `checks` are further conditions of readiness; `roles` say which part of its services' work is this process's.
    """
    log = structlog.get_logger()
    failpoints.narrow({service.name for service in services})
    bus = bus or bus_of(services, settings)
    health = Health()
    health.extra.extend(checks)
    async with AsyncExitStack() as stack:
        await bus.start()
        stack.push_async_callback(bus.stop)
        process = Process(url="", health=health, contexts={}, bus=bus)
        applications: dict[str, tuple[ASGIApp, tuple[str, ...]]] = {}
        outbound = Outbound(allow=settings.outbound_allow, own_ports=settings.own_ports)
        for service in services:
            context = await _open(service, settings, bus, stack, process, outbound=outbound, roles=roles)
            if "web" in roles:
                applications[service.name] = (Edge(service, context), service.routes)
        front = Front(Dispatcher(applications), health)
        server = await stack.enter_async_context(
            Server(
                front,
                host=settings.host,
                port=settings.port if port is None else port,
                behind_tls=settings.base_url.startswith("https://"),
            )
        )
        process.url = f"http://{server.host}:{server.port}"
        process.tasks += [server.task, _background(_watch_loop(), "loop-lag", stack)]
        process.tasks.append(_background(_watch_pools(process), "pools", stack))
        process.tasks.append(_background(_watch_readiness(health), "readiness", stack))
        process.tasks.append(_background(_watch_letters(services, settings), "letters", stack))
        health.started = True
        log.info("process.started", services=",".join(s.name for s in services), port=server.port, host=server.host)
        try:
            yield process
        finally:
            health.draining = True
            if settings.drain_s:
                await asyncio.sleep(settings.drain_s)
    log.info("process.stopped", services=",".join(s.name for s in services))


async def _open(
    service: Service,
    settings: Settings,
    bus: Bus,
    stack: AsyncExitStack,
    process: Process,
    *,
    outbound: Outbound,
    roles: AbstractSet[Role],
) -> Context:
    """Opens one service and starts what runs behind its applications. The stack closes it in reverse order."""
    db = Database(settings.database_url_of(service.name), schema=service.name, pool_size=settings.pool_size)
    stack.push_async_callback(db.close)
    live = LiveState(db, every_s=LiveState.DEMO_EVERY_S if settings.demo else LiveState.EVERY_S)
    await live.start()
    stack.push_async_callback(live.stop)
    ring = settings.key_ring(service.product.scopes)
    sealing = _sealing(service, settings, ring)
    context = Context(
        service=service.name,
        settings=settings,
        db=db,
        ring=ring,
        live=live,
        sealing=sealing,
        opening=opening_for(service, settings, sealing, roles),
        outbound=outbound,
    )
    relay = Relay(db, bus, service=service.name)
    process.tasks.append(relay.start())
    stack.push_async_callback(relay.stop)
    if service.resources is not None and "web" in roles:
        context.resources = await stack.enter_async_context(service.resources(context))
    consumers = _consumers(service, context, bus) if "consume" in roles else []
    process.tasks += [consumer.start() for consumer in consumers]
    jobs = _jobs(service, context, roles)
    process.tasks += jobs.start()
    workers = [Worker(context, service.work)] if service.work and "work" in roles else []
    process.tasks += [each.start() for each in workers]

    async def stop_work() -> None:
        await asyncio.gather(jobs.stop(), *(each.stop() for each in consumers), *(each.stop() for each in workers))

    stack.push_async_callback(stop_work)
    process.health.watch(service, db, consumers)
    process.health.clocks[service.name] = lambda: round(live.offset.total_seconds())
    process.contexts[service.name] = context
    process.relays[service.name] = relay
    process.consumers += consumers
    return context


def _sealing(service: Service, settings: Settings, ring: KeyRing) -> Sealing | None:
    """Its sealing keys, if it keeps credentials. Raises `ValueError` where it does and was given none."""
    if not service.sealed:
        return None
    sealing = settings.sealing_of(service.name, ring)
    if not sealing:
        raise ValueError(f"set KITH_{service.name.upper()}_SEALING_KEYS: {service.name} keeps credentials")
    return sealing


def opening_for(
    service: Service, settings: Settings, sealing: Sealing | None, roles: AbstractSet[Role]
) -> Opening | None:
    """Its workers' keys, in a process that does their work, if it keeps what they alone may open. Without any it works
    on, with its other keys.
    """
    if "work" not in roles or sealing is None or not any(one.for_workers for one in service.sealed):
        return None
    opening = settings.opening_of(service.name, sealing)
    if not opening:
        structlog.get_logger().warning("opening_keys.missing", setting=f"KITH_{service.name.upper()}_OPENING_KEYS")
        return None
    return opening


def _jobs(service: Service, context: Context, roles: AbstractSet[Role]) -> Jobs:
    count = (Job(name=f"{service.name}.work", every_s=15, run=worker.count, role="work"),) if service.work else ()
    keys = Job(name=f"{service.name}.used-keys", every_s=used_keys.EVERY_S, run=used_keys.report_used_keys, role="web")
    seen = Job(name=f"{service.name}.sightings", every_s=sighted.EVERY_S, run=sighted.report_sightings, role="web")
    return Jobs(
        context,
        jobs=[job for job in (*service.jobs, *count, keys, seen) if job.role in roles],
        due_jobs=(PURGE_JOB, *service.due_jobs, *service.keyed_jobs(context)) if "consume" in roles else (),
    )


def _consumers(service: Service, context: Context, bus: Bus) -> list[Consumer]:
    member = f"{service.name}-{context.settings.instance}"
    return [
        Consumer(context.db, bus, group=group, handlers=handlers, member=member)
        for group, handlers in _by_group(service, context.live.refresh_soon).items()
    ]


def _by_group(service: Service, refresh_soon: Callable[[], None]) -> dict[str, list[Handler]]:
    by_group: dict[str, list[Handler]] = {}
    for handler in handlers_of(service, refresh_soon):
        by_group.setdefault(group_name(service, handler), []).append(replace(handler))
    return by_group


async def run_services(
    services: Sequence[Service],
    settings: Settings,
    *,
    port: int | None = None,
    on_ready: Callable[[Process], Awaitable[None]] | None = None,
    checks: Sequence[Callable[[], Check]] = (),
    roles: AbstractSet[Role] = ROLES,
) -> None:
    """Runs until SIGTERM or SIGINT. Raises `BackgroundDied` when a part ends by itself, after an orderly stop."""
    telemetry.set_up_logs(settings.log_level)
    # Each connection is an open file, and the usual soft limit is made for other programs.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(services, settings, port=port, checks=checks, roles=roles) as process:
        _freeze_garbage_collector()
        _take_turns_often()
        waiting: asyncio.Task[Any] = asyncio.create_task(stop.wait(), name="signal")
        announcing = [asyncio.create_task(_announce(on_ready, process), name="announce")] if on_ready else []
        watchdog = asyncio.create_task(_watchdog(process.health), name="watchdog")
        try:
            await _first_end(waiting, [*process.tasks, *vital.running(), watchdog], announcing)
        finally:
            for task in (waiting, watchdog, *announcing):
                task.cancel()
            await asyncio.gather(waiting, watchdog, *announcing, return_exceptions=True)


def _freeze_garbage_collector() -> None:
    """What stands now stands until the end, so the garbage collector need not look at it again. And batches hold many
    thousand small objects for a moment: at its usual pace it would go over them dozens of times, and find nothing.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _take_turns_often() -> None:
    """What computes in a thread of its own gives way to the event loop after a millisecond. At the usual five, one
    request that is handed on a dozen times would wait for sixty.
    """
    sys.setswitchinterval(0.001)


async def _announce(on_ready: Callable[[Process], Awaitable[None]], process: Process) -> None:
    await on_ready(process)


async def _first_end(
    waiting: "asyncio.Task[Any]", background: Sequence["asyncio.Task[None]"], announcing: Sequence["asyncio.Task[None]"]
) -> None:
    """Returns on a signal; raises when the announcement fails or a background task ends."""
    tasks = {waiting, *background, *announcing}
    while True:
        done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if waiting in done:
            return
        for task in done:
            error = None if task.cancelled() else task.exception()
            if task in announcing:
                if error is not None:
                    raise error
                continue
            structlog.get_logger().critical(
                "process.part_died", task=task.get_name(), **(telemetry.describe(error) if error else {})
            )
            raise BackgroundDied(task.get_name()) from error


def _background(work: Any, name: str, stack: AsyncExitStack) -> "asyncio.Task[None]":
    task: asyncio.Task[None] = asyncio.create_task(work, name=name)

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(stop)
    return task


async def _watch_loop() -> None:
    """Measures how late the loop is: a handler that blocks it shows here."""
    every_s = 0.5
    while True:
        before = time.perf_counter()
        await asyncio.sleep(every_s)
        telemetry.LOOP_LAG.observe(max(0.0, time.perf_counter() - before - every_s))


async def _watch_pools(process: Process) -> None:
    while True:
        for name, context in process.contexts.items():
            telemetry.POOL_IN_USE.labels(name).set(context.db.in_use)
        await asyncio.sleep(2)


async def _watch_readiness(health: Health) -> None:
    """Keeps the conditions of `/readyz` as a metric: a probe informs who balances load, the metric informs people."""
    while True:
        for check in await health.ready():
            telemetry.READY.labels(check.name).set(check.ok)
        await asyncio.sleep(5)


async def _watch_letters(services: Sequence[Service], settings: Settings) -> None:
    """Counts the dead letters that wait: a rate says that some came, only this says that they are still there."""
    log_url = settings.database_url_of(services[0].name) if not settings.kafka_url else ""
    while True:
        try:
            for group, found in (await letters.waiting(settings, groups_of(services), log_url=log_url)).items():
                telemetry.LETTERS_WAITING.labels(group).set(len(found))
        except Exception as error:  # the bus is away, which others report; the count stays as it was
            structlog.get_logger().info("letters.not_counted", **telemetry.describe(error))
        await asyncio.sleep(30)


async def _watchdog(health: Health) -> None:
    """Ends, and so ends the process, when a consumer is stuck."""
    while not (stuck := health.stuck()):
        await asyncio.sleep(5)
    structlog.get_logger().critical("consumer.stuck", group=",".join(stuck))
