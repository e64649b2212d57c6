"""This service's own knobs, and the metadata that its tables are declared on."""

from typing import Final

from services.kernel.tables import service_metadata

METADATA = service_metadata()

RELEASE_BATCH: Final = 500
"""Rewards that one run of the release job takes of one store; more wait for the next run, which follows at once."""
