"""`kith simulate PLATFORM TOPIC`: deliveries of an order that nobody placed, signed correctly, to any Kith."""

import random
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from services.cli.local.process import StartFailed
from services.cli.ui import Json, Ui


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("simulate")(simulate)


def simulate(
    platform: Annotated[str, typer.Argument(help="shopify, woocommerce, insales, stripe, tilda, bitrix or generic.")],
    topics: Annotated[list[str], typer.Argument(help="What is told, in this order; `all` for all about orders.")],
    url: Annotated[str, typer.Option(help="The connection's address, as its answer or the console shows it.")],
    secret: Annotated[str, typer.Option(envvar="KITH_SIMULATED_SECRET", help="What the platform signs with.")] = "",
    order: Annotated[str, typer.Option(help="The order's id, digits only; one of its own if left out.")] = "",
    code: Annotated[str, typer.Option(help="A promo code that the order carries.")] = "",
    token: Annotated[str, typer.Option(help="A click token that the order carries.")] = "",
    host: Annotated[str, typer.Option(help="Whose shop asks to be left or forgotten (Shopify).")] = "",
    times: Annotated[int, typer.Option(min=1, max=100, help="How often each is sent.")] = 1,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Send them in any order.")] = False,
    late: Annotated[int, typer.Option(min=0, help="So many seconds ago it all happened.")] = 0,
    as_json: Json = False,
) -> None:
    """Send deliveries of a platform as if an order had been placed there; ends with 1 if any is not taken in."""
    import httpx

    from services.cli.simulated import BY_NAME_ALONE, Purchase, simulate, topics_of
    from services.connectors.platforms.domain.registry import PLATFORMS

    ui = Ui(as_json=as_json)
    if platform not in PLATFORMS:
        raise StartFailed(f"there is no platform {platform!r}; there are {', '.join(PLATFORMS)}")
    there_are = topics_of(platform)
    wanted = [one for one in there_are if one not in BY_NAME_ALONE] if topics == ["all"] else topics
    for topic in wanted:
        if topic not in there_are:
            raise StartFailed(f"{platform} has no topic {topic!r}; there are {', '.join(there_are)}")
    if BY_NAME_ALONE.intersection(wanted) and not host:
        raise StartFailed("give --host: the shop that it is about, as in zerno.myshopify.com")
    if order and not (order.isascii() and order.isdigit()):
        raise StartFailed("give --order in digits")
    now = datetime.now(UTC).replace(microsecond=0)
    bought = Purchase(order or str(time.time_ns() // 1_000_000), now - timedelta(seconds=late), code, token, host=host)
    many = [topic for topic in wanted for _ in range(times)]
    if shuffle:
        random.shuffle(many)
    well = True
    with httpx.Client(timeout=30, trust_env=False) as client:
        for topic in many:
            sent = simulate(platform, topic, bought, secret, now=int(time.time()))
            try:
                answer = client.post(url, content=sent.body, headers=sent.headers)
            except httpx.HTTPError as error:
                raise StartFailed(f"{url} does not answer: {type(error).__name__}") from error
            well = well and answer.status_code == 200
            result = answer.text[:200] if answer.status_code != 200 else str(answer.json().get("outcome"))
            ui.say(
                f"{'[green]✓[/]' if answer.status_code == 200 else '[red]✗[/]'} {topic}  {answer.status_code}  {result}"
            )
            ui.emit({"topic": topic, "order": bought.order_id, "status": answer.status_code, "said": result})
    raise typer.Exit(0 if well else 1)
