"""An open-source rival's hot paths, rebuilt: one row per click, one transaction per sale. See `baselines.peer`."""

import secrets
from datetime import UTC, datetime
from functools import partial

import orjson

from benchmarks.baselines import peer as rebuilt
from benchmarks.lab import Lab
from benchmarks.load import get, post
from benchmarks.measure import alternate
from benchmarks.paths.http import BROWSER, clicks, compared, loaded, order_calls


async def peer(lab: Lab) -> None:
    """Its redirect beside ours, its sale beside our order call."""
    hot, size = await lab.hot(), lab.size
    run, now = secrets.token_hex(3), datetime.now(UTC).isoformat()

    def sale(n: int) -> bytes:
        bought = {"user_id": f"c{n % rebuilt.CUSTOMERS}", "order_id": f"{run}-{n}", "amount_minor": 4600}
        body = {"timestamp": now, "product_id": "p", "payload": {**bought, "currency": "EUR"}}
        return post("/v1/track/purchase", orjson.dumps(body), [f"X-Api-Key: {rebuilt.KEY}"])

    shape = partial(loaded, lab, connections=64, seconds=size.seconds)
    theirs = shape(hot.peer, lambda n: get(f"/code{n % rebuilt.CODES}", [BROWSER]), status=302)
    ours = shape(hot.links, clicks(hot.store), status=302)
    found = await alternate(theirs, ours, rounds=size.hot_rounds, tick=lab.tick)
    lab.report.lines.append(compared("peer: redirect", "RefRef's shape, one row per click", found, None))
    theirs = shape(hot.peer, sale, status=202)
    ours = shape(hot.attribution, order_calls([hot.store]), status=202)
    found = await alternate(theirs, ours, rounds=size.hot_rounds, tick=lab.tick)
    lab.report.lines.append(compared("peer: order call", "RefRef's shape, one transaction per sale", found, None))
    lab.report.sections.append(("The peer rows", " ".join((rebuilt.__doc__ or "").split())))
