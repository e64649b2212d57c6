"""Analytics' own knobs. Prefix `KITH_ANALYTICS_`."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class AnalyticsSettings(BaseSettings):
    """Defaults suit every installation that was measured; none changes what a figure means."""

    model_config = SettingsConfigDict(env_prefix="KITH_ANALYTICS_", extra="ignore", frozen=True)

    stale_after_s: float = Field(60, gt=0)
    """A page says that it is behind when the newest counted event was older than this when it was counted."""
    keep_reports_days: int = Field(45, ge=15)
    """How long ids of browser reports are kept to recognise repeats: longer than the bus keeps its records."""
