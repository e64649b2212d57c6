"""The demo beside the product: its store (made once, by the story, through the public API) and its shop.

`demo` is imported only when a demo is asked for: an installation without that package runs all the same.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from services.cli.local.process import StartFailed
from services.cli.ui import Ui
from services.common.scopes import SCOPES, SECRET
from services.kernel.auth import api_keys, sessions
from services.kernel.health import Check
from services.kernel.http.console import SIGN_IN_PATH
from services.kernel.settings import Settings

if TYPE_CHECKING:
    from demo.details import Details
    from demo.shop.app import Kith

SIGN_IN_LIFE = timedelta(minutes=10)


@dataclass(slots=True)
class Showcase:
    """One demo: `folder` keeps what its store is made of."""

    folder: Path
    shop_url: str
    days: int
    reported: bool = field(default=False)
    _done: float = field(default=0.0)

    @property
    def details_path(self) -> Path:
        """The store's ids and keys, there once its history has come to its end."""
        return self.folder / "demo.json"

    @property
    def marker(self) -> Path:
        """There while the history is being made: if it was interrupted, half a store is left."""
        return self.folder / "demo.telling"

    @property
    def interrupted(self) -> bool:
        """Whether an earlier start ended in the middle of the story."""
        return self.marker.exists()

    def forget(self) -> None:
        """Forgets the store; called when its data has been thrown away."""
        self.details_path.unlink(missing_ok=True)
        self.marker.unlink(missing_ok=True)

    def check(self) -> Check:
        """Readiness: while history is made the clock stands in the past, and nobody should buy in it."""
        return (
            Check("demo", True)
            if self.reported
            else Check("demo", False, "the demo store's history arrives", self._done)
        )

    async def ensure(self, base_url: str, settings: Settings, ui: Ui) -> "Details":
        """The demo store's details; makes its history first if it is not there."""
        from demo.details import Details

        details = Details.load(self.details_path)
        if details is None:
            details = await self._make_history(base_url, settings, ui)
        self.reported = True
        return details

    async def _make_history(self, base_url: str, settings: Settings, ui: Ui) -> "Details":
        from demo.story.client import StoryError
        from demo.story.history import make_history

        self.folder.mkdir(parents=True, exist_ok=True)
        self.marker.touch()
        if self.days and not ui.console.is_terminal:
            ui.say(f"Living through {self.days} days of a demo store; this takes about a minute …")
        with ui.progress() as bar:
            task = bar.add_task(f"Living through {self.days} days of a store", total=None)

            def step(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)
                self._done = done / total

            def opened(details: "Details") -> None:
                if self.days:
                    ui.say(f"\n  [bold]Console[/]  {sign_in_url(settings, details.secret_key)}")
                    ui.say("           (open now; its history arrives while you look)\n")

            try:
                details = await make_history(
                    base_url,
                    operator_key=settings.operator_key.get_secret_value(),
                    shop_url=self.shop_url,
                    days=self.days,
                    progress=step,
                    opened=opened,
                )
            except StoryError as error:
                raise StartFailed(f"the demo's story came to a halt: {error}") from error
        details.save(self.details_path)
        self.marker.unlink()
        return details

    def kith(self, server_url: str, browser_url: str, details: "Details") -> "Kith":
        """What the shop needs to know of us."""
        from demo.shop.app import Kith

        return Kith(server_url=server_url, browser_url=browser_url, details=details)


def sign_in_url(settings: Settings, secret_key: str) -> str:
    """An address that signs one browser in at the console, once, as the store's owner: who may also pay out."""
    ring = settings.key_ring(SCOPES)
    key = api_keys.read(ring, secret_key)
    token = sessions.issue_sign_in(ring, store_id=key.store_id, key_id=key.key_id, scopes=SECRET, life=SIGN_IN_LIFE)
    return f"{settings.base_url}{SIGN_IN_PATH}?token={token}"


def sample_order(settings: Settings, details: "Details") -> str:
    """A command that sends an order, to be tried as it stands."""
    now = datetime.now(UTC)
    order = {
        "order_id": f"try-{int(now.timestamp())}",
        "placed_at": now.isoformat(timespec="seconds"),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 4200,
        "subtotal_minor": 4200,
        "customer": {"email": "friend@example.com"},
        "codes": [details.code],
    }
    return (
        f"curl {settings.base_url}/v1/orders -H 'Authorization: Bearer {details.secret_key}'"
        f" -H 'Idempotency-Key: {order['order_id']}' --json '{json.dumps(order)}'"
    )


def announce(ui: Ui, settings: Settings, details: "Details", shop_url: str, *, also: Callable[[], None]) -> None:
    """Prints where everything is."""
    console = sign_in_url(settings, details.secret_key)
    ui.say(f"\n[bold]Kith is ready at {settings.base_url}[/]\n")
    ui.say(f"  [bold]Console[/]  {console}")
    ui.say("           (a button there signs one browser in, once, within 10 minutes; later the server key does)")
    ui.say(f"  [bold]Shop[/]     {shop_url}  or as a friend, by a shared link: {details.link_url}")
    ui.say(f"  [bold]Portal[/]   {details.portal_url}" + (f"  as {details.email}" if details.email else ""))
    ui.say(f"           (no mails are sent here: they lie in {settings.base_url}/console/links/mailbox)")
    ui.say(f"  [bold]Keys[/]     {details.secret_key}  (server)")
    ui.say(f"           {details.publishable_key}  (browser)")
    ui.say(f"           operator's: {settings.data_dir / 'secrets.env'}")
    ui.say(f"  [bold]Try it[/]   {sample_order(settings, details)}\n")
    also()
    ui.emit(
        {
            "ready": True,
            "url": settings.base_url,
            "console_url": console,
            "shop_url": shop_url,
            "link_url": details.link_url,
            "portal_url": details.portal_url,
            "store_id": details.store_id,
            "secret_key": details.secret_key,
            "publishable_key": details.publishable_key,
        }
    )
