"""`kith doctor`: looks at everything that an installation needs and says what is wrong, and what to do."""

import typer


def register(app: typer.Typer) -> None:
    """Adds the command."""
