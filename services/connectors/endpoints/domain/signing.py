"""Endpoints' secrets: they sign as `services.common.signatures` says."""

from typing import Final

SECRET: Final = "endpoint-secret"  # noqa: S105  # the name of a purpose
"""Purpose of an endpoint's secret at rest; its owner is the secret's id. It signs, so it cannot be a hash."""
