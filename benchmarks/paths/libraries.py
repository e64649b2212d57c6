"""What was chosen among libraries that do the same, measured on the payloads that they are there for."""

import asyncio
import dataclasses
import json
import types
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, make_dataclass
from datetime import datetime
from functools import partial
from statistics import median
from time import process_time
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import asyncpg
import msgspec
import orjson
from msgspec import structs
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from benchmarks.feed import facts
from benchmarks.lab import Lab
from benchmarks.load import drive, get
from benchmarks.measure import cpu_s
from benchmarks.stage import Store
from contracts.events.orders import OrderReceived
from services.attribution.orders.hot.reading import usual
from services.attribution.orders.schemas import OrderIn
from services.kernel.db import async_url
from services.rewards.grants.domain.reward import Reward

Alternative = Callable[[], Awaitable[float]]
"""One round: microseconds of CPU for one time."""

TIMES = 2_000
_ORDER = {
    "order_id": "10482",
    "placed_at": "2026-11-22T14:00:00+02:00",
    "status": "paid",
    "currency": "EUR",
    "total_minor": 5090,
    "subtotal_minor": 4600,
    "items": [{"sku": f"SKU-{n}", "quantity": 1, "amount_minor": 1150} for n in range(4)],
    "customer": {"id": "8412", "email": "friend@example.com"},
    "codes": ["ANNA10"],
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives for one job; the first is the one taken."""

    job: str
    alternatives: Mapping[str, Alternative]


async def libraries(lab: Lab) -> None:
    """All choices, their alternatives in turn, round after round."""
    store = Store("str_bench", "", "", "prg_bench", [], ["CODE"])
    event = next(facts(lab.stage, [store], 1)).body
    engine = create_async_engine(async_url(lab.stage.database_url))
    async with engine.connect() as connection, lab.stage.connected() as driver, driver.transaction():
        choices = [
            await _servers(lab),
            *_bodies(orjson.dumps(_ORDER)),
            _events(event),
            _values(),
            _statements(connection, driver),
        ]
        rows = [await _row(choice, rounds=lab.size.rounds, tick=lab.tick) for choice in choices]
    await engine.dispose()
    lab.report.sections.append(("Libraries, by measurement", "\n".join([_HEAD, *rows])))


_HEAD = """CPU for one time, the median of rounds in which the alternatives take turns. What is taken stands first; why
it is taken where it is not the cheapest stands in [docs/performance.md](../docs/performance.md#which-libraries).

| for | taken | instead of |
|---|---|---|"""


async def _row(choice: Choice, *, rounds: int, tick: Callable[[], None]) -> str:
    found: dict[str, list[float]] = {name: [] for name in choice.alternatives}
    for alternative in choice.alternatives.values():
        await alternative()
    for _ in range(rounds):
        for name, alternative in choice.alternatives.items():
            found[name].append(await alternative())
    tick()
    taken, *others = [f"{name}: {median(rounds):.1f} µs" for name, rounds in found.items()]
    return f"| {choice.job} | {taken} | {'; '.join(others)} |"


async def _servers(lab: Lab) -> Choice:
    """A bare ASGI redirect on each pair of event loop and parser that the server knows."""
    pairs = [(loop, parser) for loop in ("uvloop", "asyncio") for parser in ("httptools", "h11")]
    started = await asyncio.gather(
        *(lab.stage.uvicorn("benchmarks.baselines.bare:app", loop=loop, parser=parser) for loop, parser in pairs)
    )

    async def once(port: int, pid: int) -> float:
        before = cpu_s([pid])
        answered = await drive(port, lambda _: get("/"), connections=64, seconds=lab.size.seconds)
        return (cpu_s([pid]) - before) / answered.requests * 1e6

    return Choice(
        "uvicorn: a bare redirect",
        {f"{loop} and {parser}": partial(once, *server) for (loop, parser), server in zip(pairs, started, strict=True)},
    )


def _bodies(body: bytes) -> list[Choice]:
    """An order's body, read and written."""
    reported = orjson.loads(body)
    return [
        Choice(
            "reading an order's JSON",
            {
                "orjson": _timed(lambda: orjson.loads(body)),
                "msgspec": _timed(lambda: msgspec.json.decode(body)),
                "json": _timed(lambda: json.loads(body)),
            },
        ),
        Choice(
            "writing an order's JSON",
            {
                "orjson": _timed(lambda: orjson.dumps(reported)),
                "msgspec": _timed(lambda: msgspec.json.encode(reported)),
                "json": _timed(lambda: json.dumps(reported).encode()),
            },
        ),
        Choice(
            "an order's body, validated",
            {
                "msgspec, with what else is checked": _timed(lambda: usual(body)),
                "pydantic": _timed(lambda: OrderIn.model_validate_json(body)),
            },
        ),
    ]


def _events(event: bytes) -> Choice:
    """An event as consumers get it, validated. The struct has the model's fields and types without their limits."""
    decode = msgspec.json.Decoder(_mirrored(OrderReceived)).decode
    return Choice(
        "an event of an order, validated",
        {
            "pydantic": _timed(lambda: OrderReceived.model_validate_json(event)),
            "msgspec": _timed(lambda: decode(event)),
        },
    )


def _values() -> Choice:
    """An immutable value: a reward, made and then changed, as for every order twice."""
    names = Reward.__struct_fields__
    plain = make_dataclass("Plain", names, frozen=True, slots=True, kw_only=True)
    reported = {name: name for name in names}

    def as_struct() -> Reward:
        return structs.replace(Reward(**reported), target_minor=1, revision=2, reason="x")  # type: ignore[arg-type]  # any

    def as_dataclass() -> object:
        return dataclasses.replace(plain(**reported), target_minor=1, revision=2, reason="x")

    return Choice(
        f"a value of {len(names)} fields, made and changed",
        {"msgspec's struct": _timed(as_struct), "a frozen dataclass": _timed(as_dataclass)},
    )


def _statements(connection: AsyncConnection, driver: asyncpg.Connection) -> Choice:
    """One statement with a parameter, in a transaction that is open."""
    plain = text("select cast(:n as int)")

    async def by_driver() -> None:
        await driver.fetch("select cast($1 as int)", 1)

    async def by_core() -> None:
        (await connection.execute(plain, {"n": 1})).all()

    return Choice(
        "a statement, the services' part",
        {"asyncpg itself": partial(_awaited, by_driver), "SQLAlchemy's Core over it": partial(_awaited, by_core)},
    )


async def _awaited(work: Callable[[], Awaitable[None]]) -> float:
    before = process_time()
    for _ in range(TIMES):
        await work()
    return (process_time() - before) / TIMES * 1e6


def _timed(work: Callable[[], object]) -> Alternative:
    async def once() -> float:
        before = process_time()
        for _ in range(TIMES):
            work()
        return (process_time() - before) / TIMES * 1e6

    return once


def _mirrored(kind: Any) -> Any:
    """A type with every pydantic model in it replaced by a struct of the same fields."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _mirrored(get_args(kind)[0])
    if origin in (types.UnionType, tuple):
        parts = tuple(_mirrored(part) for part in get_args(kind))
        return tuple[parts] if origin is tuple else _one_of(parts)  # type: ignore[valid-type]  # made at run time
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        hints = get_type_hints(kind, include_extras=True)
        fields: list[Any] = [
            (name, _mirrored(hints[name]))
            + (() if field.is_required() else (field.get_default(call_default_factory=True),))
            for name, field in kind.model_fields.items()
        ]
        return msgspec.defstruct(kind.__name__, fields, kw_only=True, frozen=True)
    return datetime if kind is AwareDatetime else kind


def _one_of(parts: tuple[Any, ...]) -> Any:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole | part
    return whole
