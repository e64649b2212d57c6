"""Rewards' own knobs (prefix `KITH_REWARDS_`), and the metadata that gathers its tables."""

from typing import Final

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kernel.tables import service_metadata

METADATA = service_metadata()

RELEASE_BATCH: Final = 250
"""Rewards that one run of the release job takes of all its stores together, an equal part of each; more wait for the
next run, which follows at once. So a run holds its stores' locks, and the event loop, as briefly as a consumer's batch.
"""


class RewardsSettings(BaseSettings):
    """Defaults suit everybody; a stand-in for tests answers elsewhere."""

    model_config = SettingsConfigDict(env_prefix="KITH_REWARDS_", extra="ignore", frozen=True)

    paypal_url: str = "https://api-m.paypal.com"
    """Where PayPal's API is for live accounts."""
    paypal_sandbox_url: str = "https://api-m.sandbox.paypal.com"
    """Where it is for accounts of its sandbox."""
