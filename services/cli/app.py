"""The `kith` command: one typer application. Each group of commands is a file in `commands`, listed here once."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli.commands import (
    acls,
    audit,
    contracts,
    decisions,
    deliveries,
    dlq,
    doctor,
    gateway,
    keys,
    ledger,
    mail,
    migrate,
    pipe,
    recount,
    run,
    serve,
    shop,
    simulate,
    split,
    work,
)
from services.cli.local.process import StartFailed

app = typer.Typer(
    name="kith",
    help="Referral programs for online stores.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (
    run,
    split,
    serve,
    migrate,
    doctor,
    dlq,
    deliveries,
    simulate,
    pipe,
    work,
    mail,
    decisions,
    ledger,
    recount,
    audit,
    contracts,
    acls,
    gateway,
    shop,
    keys,
):
    group.register(app)


@app.callback()
def root(
    of_split: Annotated[bool, typer.Option("--split", help="Look at what `kith split` runs on this machine.")] = False,
) -> None:
    """Referral programs for online stores."""
    if of_split:
        path = Path(os.environ.get("KITH_DATA_DIR", ".kith")) / "split" / "env"
        if not path.exists():
            raise StartFailed(f"there is no {path}: start `kith split` first")
        lines = path.read_text().splitlines()
        os.environ.update(dict(line.split("=", 1) for line in lines if "=" in line))


def main() -> None:
    """Entry point of the console script. What an operator can mend is said in one line, without a traceback."""
    try:
        app()
    except StartFailed as error:
        sys.exit(f"kith: {error}")
    except ValueError as error:
        from pydantic import ValidationError

        if not isinstance(error, ValidationError) or error.title != "Settings":
            raise
        sys.exit("kith: " + "; ".join(str(entry["msg"]).removeprefix("Value error, ") for entry in error.errors()))


if __name__ == "__main__":
    main()
