"""Links' own knobs (prefix `KITH_LINKS_`), and the metadata that gathers its tables."""

from functools import cache
from typing import Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kernel.tables import service_metadata

METADATA = service_metadata()


class LinksSettings(BaseSettings):
    """Defaults suit one machine; none changes what a link means."""

    model_config = SettingsConfigDict(env_prefix="KITH_LINKS_", extra="ignore", frozen=True)

    cached_links: int = Field(50_000, ge=100)
    """Links that a process keeps ready, about 1 kB each."""
    spool_bytes: int = Field(256 * 1024 * 1024, ge=1024 * 1024)
    """Clicks on disk that wait for the database, at most; beyond it clicks are written through, or refused with 503."""
    telegram_url: str = "https://api.telegram.org"
    """Where the Bot API is; a server of one's own answers elsewhere."""
    domain_proof: bool | None = None
    """Whether a store must prove that a domain is its own before links lead there. Unset: where browsers use an address
    that is not this machine's.
    """


class SmtpSettings(BaseSettings):
    """The relay that mails leave through. Without a host nothing is sent; a demo then shows what would have been.

    Signing (DKIM) and a good name are the relay's.
    """

    model_config = SettingsConfigDict(env_prefix="KITH_SMTP_", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str | None = None
    port: int = 587
    username: str | None = None
    password: SecretStr = SecretStr("")
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """Encryption: begun on the connection (587), from its beginning (465), or none: for a relay on this machine."""
    sender: str = ""
    """The address that mails come from; beside it stands the store's name."""
    bounces: str = ""
    """Where mails come back to that cannot be delivered; each by an address of its own, behind a plus sign. Unset: to
    the sender.
    """
    timeout_s: float = Field(15.0, gt=0, le=25)

    @model_validator(mode="after")
    def _sender_is_an_address(self) -> Self:
        if self.host is not None:
            try:
                validate_email(self.sender, check_deliverability=False, test_environment=True)
            except EmailNotValidError:
                raise ValueError("KITH_SMTP_SENDER must be the mail address that mails come from") from None
            try:
                if self.bounces:
                    validate_email(self.bounces, check_deliverability=False, test_environment=True)
            except EmailNotValidError:
                raise ValueError("KITH_SMTP_BOUNCES must be a mail address, or unset") from None
        return self

    @property
    def sender_address(self) -> str:
        """The address that mails come from."""
        return self.sender.strip()


@cache
def smtp_settings() -> SmtpSettings:
    """The relay as this process found it: reading the environment costs a millisecond, and each mail asks."""
    return SmtpSettings()
