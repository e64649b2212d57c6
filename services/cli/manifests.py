"""The product's services by name: their manifests."""

import gc
import importlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.cli.names import NAMES
from services.kernel.service import Service
from services.ui import Pages

__all__ = ["NAMES", "load", "load_all", "set_side_bar"]

_SIDE_BAR = ("analytics", "attribution", "links", "rewards", "connectors")
"""Whose entries come first: the answer, then the daily work."""


def load(name: str) -> Service:
    """One service's manifest. Raises `LookupError` for a name that is not a service's."""
    if name not in NAMES:
        raise LookupError(f"there is no service {name!r}; there are {', '.join(NAMES)}")
    with _collector_at_rest():
        service = importlib.import_module(f"services.{name}.main").SERVICE
    if not isinstance(service, Service):
        raise TypeError(f"services.{name}.main.SERVICE is not a Service")
    return service


def load_all(names: Iterable[str] = NAMES) -> list[Service]:
    """Several services' manifests, in the order of `NAMES`."""
    wanted = set(names)
    return [load(name) for name in NAMES if name in wanted]


def set_side_bar(services: Iterable[Service], *, demo: bool) -> None:
    """Gives these services' pages the side bar of the whole product: a page of one leads to the others'. Pages of a
    `demo` watch its history arrive.

    Of services that this process does not run only the module of their pages is imported: their routes and models
    would be half of a replica's start.
    """
    everyone = [_pages_of(name) for name in _SIDE_BAR]
    entries = [entry for pages in everyone for entry in pages.own_nav]
    catalogues = [_folder(name) / "locale" for name in _SIDE_BAR]
    for service in services:
        pages = _pages_of(service.name)
        pages.use_nav(entries, catalogues=catalogues)
        pages.demo = demo


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """What an import makes stays: going over it again and again for garbage is a seventh of a start."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _pages_of(name: str) -> Pages:
    pages = importlib.import_module(f"services.{name}.pages").PAGES
    if not isinstance(pages, Pages):
        raise TypeError(f"services.{name}.pages.PAGES is not made with the kit")
    return pages


def _folder(name: str) -> Path:
    return Path(str(importlib.import_module(f"services.{name}").__file__)).parent
