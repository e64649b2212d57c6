"""What the commands show: text and progress for people, JSON lines for programs (`--json`)."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


class Ui:
    """People's output goes to `console`; with `as_json` only JSON lines are printed, one object each."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.console = Console(highlight=False, quiet=as_json, soft_wrap=True)

    def say(self, text: str) -> None:
        """One line for people."""
        self.console.print(text)

    def emit(self, value: dict[str, Any]) -> None:
        """One object for programs."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, default=str) + "\n")
            sys.stdout.flush()

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Shows that something is going on; on anything but a terminal, one line."""
        if self.as_json or not self.console.is_terminal:
            self.say(f"{text} …")
            yield
            return
        with self.console.status(f"{text} …"):
            yield

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A bar for long work, on a terminal; elsewhere nothing is drawn."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        shown = not self.as_json and self.console.is_terminal
        with Progress(*columns, TimeRemainingColumn(), console=self.console, transient=True, disable=not shown) as bar:
            yield bar
