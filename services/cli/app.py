"""The `kith` command: one typer application, one file per group of commands."""

import typer

app = typer.Typer(
    name="kith",
    help="Referral programs for online stores.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def root() -> None:
    """Referral programs for online stores."""


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
