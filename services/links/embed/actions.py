"""The scripts for a store's pages as they are sent: today's, and each that was ever sent under an address of its own.

`assets/released` keeps each version that a page may have pinned, as it was sent; `kith contracts` adds today's.
Nothing is taken out.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.links.embed.domain.script import Script, packed, script

ASSETS: Final = Path(__file__).parent / "assets"
RELEASED: Final = ASSETS / "released"
NAMES: Final = ("kith", "kith-share", "kith-consent", "kith-forms", "kith-shopify")

SCRIPTS: Final[Mapping[str, Script]] = {name: script(name, (ASSETS / f"{name}.js").read_text()) for name in NAMES}
"""Today's."""


def _pinned() -> dict[tuple[str, str], Script]:
    kept = [packed(path.name.partition(".")[0], path.read_bytes()) for path in sorted(RELEASED.glob("*.js"))]
    return {(sent.name, sent.digest): sent for sent in [*kept, *SCRIPTS.values()]}


PINNED: Final[Mapping[tuple[str, str], Script]] = _pinned()
"""By name and digest."""


def documents() -> dict[Path, str]:
    """What `kith contracts` keeps of today's scripts: each as it is sent, and a page of how a store pins them."""
    sent = {RELEASED / Path(one.path).name: one.body.decode() for one in SCRIPTS.values()}
    return {**sent, Path(__file__).parents[3] / "docs" / "scripts.md": _page()}


def _page() -> str:
    rows = [f"| `{one.name}.js` | `{one.path}` | `{one.integrity}` | {len(one.gzipped)} |" for one in SCRIPTS.values()]
    return _PAGE + "\n".join(rows) + "\n"


_PAGE: Final = """\
# The scripts' versions

Written by `make contracts`. How they are used: [connecting a store](connect.md#2-kithjs-in-the-browser), [pinned
versions](connect.md#a-version-that-never-changes).

| script | its address for good | `integrity` | bytes, gzip |
|---|---|---|---|
"""
