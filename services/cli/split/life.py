"""The life of `kith split`: start, demo, restarts at SIGHUP, stop."""

import asyncio
import signal

from services.cli.parts import Parts
from services.cli.showcase import Showcase, announce
from services.cli.split.product import Product
from services.cli.ui import Ui
from services.kernel.settings import Settings


async def run(settings: Settings, *, shop_port: int, history_days: int, ui: Ui) -> None:
    """Runs until SIGINT or SIGTERM. Raises `StartFailed` if something does not come up."""
    shop_url = settings.shop_url or f"http://127.0.0.1:{shop_port}"
    if settings.demo:
        settings = settings.model_copy(update={"shop_url": shop_url})
    product = Product(settings, shop_port=shop_port, say=ui.say)
    showcase = Showcase(product.folder, shop_url, history_days) if settings.demo else None
    if showcase is not None and showcase.interrupted:
        product.start_over()
        showcase.forget()
        ui.say("The demo's history was interrupted last time; starting it over.")
    ended, hang_up = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGHUP, hang_up.set)
    life = asyncio.create_task(_live(product, showcase, hang_up, ui))
    signals = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait({life, signals}, return_when=asyncio.FIRST_COMPLETED)
        if life.done():
            life.result()
    finally:
        for task in (life, signals):
            task.cancel()
        await asyncio.gather(life, signals, return_exceptions=True)
        with ui.working("Stopping"):
            await product.stop()
        ui.say("Kith has stopped.")


async def _live(product: Product, showcase: Showcase | None, hang_up: asyncio.Event, ui: Ui) -> None:
    """Starts the product and the demo, then restarts the replicas at each SIGHUP. Ends only by an error."""

    parts = Parts()

    def step(what: str) -> None:
        parts.begin(what)
        ui.say(f"Starting: {what}")

    await product.start(checks=() if showcase is None else (showcase.check,), progress=step)
    settings = Settings(port=product.settings.port)
    ui.say(parts.summary())
    if showcase is not None:
        parts.begin("history")
        details = await showcase.ensure(f"http://127.0.0.1:{settings.port}", settings, ui)
        await product.start_shop(showcase.details_path)
        announce(ui, settings, details, showcase.shop_url, also=lambda: _explain(product, ui, parts.summary_of_last()))
    else:
        ui.say(f"\n[bold]Kith is ready at {product.url}[/]")
        _explain(product, ui)
        ui.emit({"ready": True, "url": product.url})
    failed = asyncio.create_task(product.supervisor.failed())
    try:
        await _restart_on_hangup(product, hang_up, failed, ui)
    finally:
        failed.cancel()
        await asyncio.gather(failed, return_exceptions=True)


async def _restart_on_hangup(product: Product, hang_up: asyncio.Event, failed: asyncio.Task[None], ui: Ui) -> None:
    """Ends only by what ended the watch over the children."""
    rolled = 0
    while True:
        reported = asyncio.create_task(hang_up.wait())
        await asyncio.wait({reported, failed}, return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            reported.cancel()
            failed.result()
        hang_up.clear()
        await product.roll(ui.say)
        rolled += 1
        product.write_state(rolled=rolled)


def _explain(product: Product, ui: Ui, *lines: str) -> None:
    for line in lines:
        ui.say(line)
    ui.say(f"Each process has its number in {product.folder}/<name>.pid and its log in {product.logs}.")
    ui.say("`kith split restart` restarts the replicas one by one; Ctrl-C stops everything.\n")
