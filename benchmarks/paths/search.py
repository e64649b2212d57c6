"""A search among a store's ambassadors, by its server and in the console: a large store, and beside it a small one."""

from collections.abc import Mapping, Sequence
from itertools import product
from statistics import median
from time import perf_counter

import httpx

from benchmarks.history import columns
from benchmarks.lab import Lab
from benchmarks.report import Line
from benchmarks.stage import Stage, Store

MOST_MS = 50
SMALL = 200
"""Ambassadors of the small store."""
OTHERS = 4
"""So many stores have as many ambassadors as the large one, in the same tables."""
FIRST = (
    "Anna Maria Olena Ioana Daria Sofia Elena Irina Natalia Oksana Andrei Ivan Pavlo Mihai Dmitri Serhii Victor Oleg"
    " Анна Мария Олена Дар’я София Елена Ирина Наталья Оксана Андрей Иван Павло Михай Дмитрий Сергій Віктор Олег"
).split()
LAST = (
    "Popescu Ionescu Rusu Ciobanu Munteanu Moraru Lungu Cebotari Kovalenko Shevchenko Bondarenko Tkachenko Melnyk Smith"
    " Brown Taylor Wilson Попеску Руссу Чобану Коваленко Шевченко Бондаренко Ткаченко Мельник Иванова Петрова Смирнова"
    " Кузнецова Волкова Соколова Лебедева Козлова Новикова Морозова"
).split()
PLACES = {
    "GET /v1/ambassadors": "/v1/ambassadors",
    "the same by name": "/v1/ambassadors?sort=name",
    "console: list": "/console/links/ambassadors",
    "console: list by name": "/console/links/ambassadors?sort=name",
    "console: for another list": "/console/links/ambassadors/search",
}
_COPIED: Mapping[str, Sequence[str]] = {
    "links.ambassadors": ("ambassador_id", "link_id", "code_id"),
    "links.people": ("ambassador_id",),
    "links.codes": ("code_id", "ambassador_id"),
}


async def search(lab: Lab) -> None:
    """Part of a name that hundreds have and that nearly all have, an address, a code, a customer id, and nobody."""
    stage, size = await lab.stage.beside("search"), lab.size
    port, _ = await stage.serve("links")
    small = await stage.store(port, ambassadors=SMALL, person=_person)
    large = await stage.store(port, ambassadors=size.people, person=_person)
    await _others(stage, large)
    lab.tick()
    some = size.people // 3
    asked = {
        "a name of hundreds": "коваленко",
        "a letter of most": "a",
        "an address": str(_person(some)["email"]),
        "a code": large.codes[some],
        "a customer id": f"a{some}",
        "nobody": "zzzzzz",
    }
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as of_small,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as of_large,
    ):
        clients = ((of_small, small), (of_large, large))
        for client, store in clients:
            await client.post("/console/session", data={"secret_key": store.secret_key})
        times = {
            (place, word): await _ask(clients, PLACES[place], asked[word], size.reads // 3)
            for place, word in product(PLACES, asked)
        }
    lab.tick()
    _report(lab, times, size.people)


def _person(number: int) -> dict[str, object]:
    """Who joins: a name of theirs, an address."""
    first, last = FIRST[number % len(FIRST)], LAST[number // len(FIRST) % len(LAST)]
    return {"name": f"{first} {last}", "email": f"friend.{number * 7919 % 1_000_003}@mail.example.com"}


async def _others(stage: Stage, store: Store) -> None:
    """Other stores with as many ambassadors. Triggers sleep meanwhile."""
    async with stage.connected() as connection:
        await connection.execute("set session_replication_role = replica")
        for table, named in _COPIED.items():
            names = await columns(connection, table)
            values = [
                "store_id || '~' || k" if name == "store_id" else f"{name} || '~' || k" if name in named else name
                for name in names
            ]
            await connection.execute(
                f"insert into {table} ({', '.join(names)}) select {', '.join(values)} from {table},"
                f" generate_series(1, {OTHERS}) k where store_id = $1",
                store.id,
            )
        await connection.execute("vacuum analyze")


async def _ask(
    clients: Sequence[tuple[httpx.AsyncClient, Store]], path: str, text: str, count: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of so many answers for each client, after two to warm up."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(count + 2):
        for (client, store), into in zip(clients, times, strict=True):
            headers = {"Authorization": f"Bearer {store.secret_key}"} if path.startswith("/v1") else {}
            place = httpx.URL(path).copy_merge_params({"q": text})
            started = perf_counter()
            answer = await client.get(place, headers=headers)
            took = (perf_counter() - started) * 1000
            if answer.status_code >= 400 or (answer.is_redirect and not path.endswith("/search")):
                raise RuntimeError(f"{place} answered {answer.status_code}")
            if turn >= 2:
                into.append(took)
    return times


def _report(lab: Lab, times: Mapping[tuple[str, str], tuple[list[float], list[float]]], people: int) -> None:
    rows = [
        f"| where, and for what | {SMALL:,} ambassadors: p50, p95 | {people:,} ambassadors: p50, p95 |",
        "|---|---|---|",
        *(
            f"| {place}: {word} | {median(small):.1f} ms, {_p95(small):.1f} ms"
            f" | {median(large):.1f} ms, {_p95(large):.1f} ms |"
            for (place, word), (small, large) in times.items()
        ),
    ]
    lab.report.sections.append(("Search among ambassadors", "\n".join(rows)))
    base = max(_p95(small) for small, _ in times.values())
    (place, word), worst = max(((key, _p95(large)) for key, (_, large) in times.items()), key=lambda found: found[1])
    lab.report.lines.append(
        Line(
            f"search among {people:,} ambassadors, by API and console, in a table with {OTHERS} stores as large",
            f"among {SMALL:,}: slowest p95 {base:.0f} ms",
            f"slowest p95 {worst:.0f} ms ({place}: {word})",
            f"{base / worst:.2f}",
            f"p95 ≤ {MOST_MS} ms",
            worst <= MOST_MS,
        )
    )


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]
