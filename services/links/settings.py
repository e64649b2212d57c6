"""Links' own knobs. Prefix `KITH_LINKS_`."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class LinksSettings(BaseSettings):
    """Defaults suit one machine; none changes what a link means."""

    model_config = SettingsConfigDict(env_prefix="KITH_LINKS_", extra="ignore", frozen=True)

    cached_links: int = Field(50_000, ge=100)
    """Links that a process keeps ready, about 1 kB each."""
    spool_bytes: int = Field(256 * 1024 * 1024, ge=1024 * 1024)
    """Clicks on disk that wait for the database, at most; beyond it clicks are written through, or refused with 503."""
    domain_proof: bool | None = None
    """Whether a store must prove that a domain is its own before links lead there. Unset: where browsers use an address
    that is not this machine's.
    """
