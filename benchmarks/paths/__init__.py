"""One file for each group of paths that is measured, and the list of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.lab import Lab, Size
from benchmarks.paths import (
    deliveries,
    disk,
    growth,
    http,
    ledger,
    libraries,
    mails,
    neighbour,
    partition,
    peers,
    people,
    pipeline,
    relay,
    search,
    sweeps,
    webhooks,
    whole,
    work,
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A path by name. `steps` is how often its run moves the progress bar. Paths of one group use the same processes,
    which end with the group.
    """

    name: str
    run: Callable[[Lab], Awaitable[None]]
    steps: Callable[[Size], int]
    group: str


PATHS = {
    path.name: path
    for path in (
        Measured("redirect", http.redirect, lambda size: 2 * size.hot_rounds, "hot"),
        Measured("track", http.track, lambda size: size.hot_rounds, "hot"),
        Measured("orders", http.orders, lambda size: size.hot_rounds, "hot"),
        Measured("peer", peers.peer, lambda size: 2 * size.hot_rounds, "hot"),
        Measured("click", whole.click, lambda size: 1, "hot"),
        Measured("pipeline", pipeline.pipeline, lambda size: size.pipeline_rounds * len(size.mixes), "pipeline"),
        Measured("latency", whole.latency, lambda size: 1, "pipeline"),
        Measured("relay", relay.relay, lambda size: size.rounds + 1, "relay"),
        Measured("mails", mails.send, lambda size: size.rounds, "mails"),
        Measured("webhooks", webhooks.send, lambda size: size.rounds + 1, "webhooks"),
        Measured("work", work.work, lambda size: size.rounds, "work"),
        Measured("deliveries", deliveries.deliver, lambda size: 4 * size.rounds + 1, "deliveries"),
        Measured("growth", growth.growth, lambda size: len(size.grown) + size.grown_rounds, "growth"),
        Measured("people", people.people, lambda size: 4, "people"),
        Measured("sweeps", sweeps.sweeps, lambda size: 2, "sweeps"),
        Measured("ledger", ledger.ledger, lambda size: 3, "ledger"),
        Measured("neighbour", neighbour.neighbour, lambda size: 3, "neighbour"),
        Measured("partition", partition.partition, lambda size: 3, "partition"),
        Measured("disk", disk.disk, lambda size: 2, "disk"),
        Measured("reads", growth.reads, lambda size: 3, "reads"),
        Measured("search", search.search, lambda size: 2, "search"),
        Measured("product", whole.product, lambda size: 2, "product"),
        Measured("libraries", libraries.libraries, lambda size: 7, "libraries"),
    )
}
