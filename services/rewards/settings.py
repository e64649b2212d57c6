"""Rewards' own knobs, and the metadata that gathers its tables."""

from typing import Final

from services.kernel.tables import service_metadata

METADATA = service_metadata()

RELEASE_BATCH: Final = 250
"""Rewards that one run of the release job takes of all its stores together, an equal part of each; more wait for the
next run, which follows at once. So a run holds its stores' locks, and the event loop, as briefly as a consumer's batch.
"""
