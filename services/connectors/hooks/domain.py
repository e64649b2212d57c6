"""How a platform account's secret is sealed: a copy of the database alone signs nothing. Pure."""

from typing import Final

SECRET: Final = "hook-secret"  # noqa: S105  # the name of a purpose
"""Purpose of a platform's secret at rest; its owner is the hook. It is needed in the clear, so it cannot be a hash."""
