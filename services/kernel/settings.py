"""Typed settings from the environment. Start is refused when a secret is missing outside embedded mode."""

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.kernel.auth.opening import Opening
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.scopes import Scopes
from services.kernel.auth.sealing import Sealing


class Settings(BaseSettings):
    """What every process of the product reads. Prefix `KITH_`.

    Embedded mode is the absence of database addresses: the starter brings up PostgreSQL itself, fills the address and
    the secrets it keeps in the data folder, and passes a complete object on. A service never sees a missing secret.
    """

    model_config = SettingsConfigDict(env_prefix="KITH_", extra="ignore", frozen=True)

    port: int = 8080
    host: str = "127.0.0.1"
    data_dir: Path = Path(".kith")
    public_url: str | None = None
    """Address that browsers use, without a trailing slash; share links are made with it."""
    shop_url: str | None = None
    """Address of the demo shop, for the pages that link to it."""
    database_url: str | None = None
    kafka_url: str | None = None
    kafka_username: str | None = None
    """Who this process is to the brokers (SASL PLAIN); without it they are spoken to without a name."""
    kafka_password: SecretStr = SecretStr("")
    kafka_partitions: int = 3
    """Partitions of the topics that we make: so many replicas can share the work. Existing topics stay as they are."""
    drain_s: float = 0
    """How long a stopping process still takes requests while it answers `/readyz` with 503, for gateways to notice."""
    secret_keys: SecretStr = SecretStr("")
    contact_key: SecretStr = SecretStr("")
    operator_key: SecretStr = SecretStr("")
    sealing_keys: Mapping[str, SecretStr] = {}
    """By service, where one process runs all of them; each one's own is `KITH_<SERVICE>_SEALING_KEYS`."""
    opening_keys: Mapping[str, SecretStr] = {}
    """The same of workers' keys: `KITH_<SERVICE>_OPENING_KEYS`, which is for processes that call others alone."""
    demo: bool = False
    instance: str = "1"
    """Name of this replica among its service's replicas."""
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Networks of our own gateways, as `10.0.0.0/8,::1`: from them, X-Forwarded-For names the caller."""
    outbound_allow: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Networks beside the public internet that calls to webhooks, platforms and other partners may reach."""
    outbound_closed_ports: Annotated[tuple[int, ...], NoDecode] = ()
    """Further ports of the product itself, which no such call reaches there; who starts the whole names them."""
    log_level: str = "info"
    pool_size: int = 6
    """Database connections per service and process."""

    @field_validator("trusted_proxies", "outbound_allow", "outbound_closed_ports", mode="before")
    @classmethod
    def _lists_are_separated_by_commas(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _secrets_are_set_and_strong(self) -> Self:
        if self.embedded:
            return self
        for name in ("secret_keys", "contact_key", "operator_key"):
            value = getattr(self, name).get_secret_value()
            if len(value) < 32:
                raise ValueError(f"KITH_{name.upper()} is missing or shorter than 32 characters")
        return self

    @property
    def embedded(self) -> bool:
        """Whether nobody named a database, so that the starter must bring one."""
        return self.database_url is None and not any(
            name.startswith("KITH_") and name.endswith("_DATABASE_URL") for name in os.environ
        )

    @property
    def base_url(self) -> str:
        """The address that browsers use."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def own_ports(self) -> frozenset[int]:
        """Ports of the product that this process knows of."""
        urls = [self.database_url, *(os.environ.get(name) for name in os.environ if name.endswith("_DATABASE_URL"))]
        ports = {urlsplit(url).port or 5432 for url in urls if url}
        brokers = (self.kafka_url or "").split(",")
        ports |= {int(port) for broker in brokers if (port := broker.rpartition(":")[2]).isdigit()}
        return frozenset({self.port, *ports, *self.outbound_closed_ports})

    def kafka_login(self) -> dict[str, str]:
        """What every client of the brokers is given beside their address, in aiokafka's words."""
        if self.kafka_username is None:
            return {}
        return {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": self.kafka_username,
            "sasl_plain_password": self.kafka_password.get_secret_value(),
        }

    def key_ring(self, scopes: Scopes) -> KeyRing:
        """The secrets, ready for use. Raises `ValueError` where they are not written as they must be."""
        return KeyRing(
            secret_keys=self.secret_keys,
            contact_key=self.contact_key,
            operator_key=self.operator_key,
            scopes=scopes,
        )

    def sealing_of(self, service: str, ring: KeyRing) -> Sealing:
        """One service's sealing keys; what `ring` encrypted in earlier days opens too. Raises `ValueError`."""
        own = os.environ.get(f"KITH_{service.upper()}_SEALING_KEYS")
        return Sealing(own or self.sealing_keys.get(service) or "", before=ring)

    def opening_of(self, service: str, before: Sealing) -> Opening:
        """The keys of one service's workers; what `before` sealed opens too. Raises `ValueError`."""
        own = os.environ.get(f"KITH_{service.upper()}_OPENING_KEYS")
        return Opening(own or self.opening_keys.get(service) or "", before=before)

    def database_url_of(self, service: str) -> str:
        """The owner's address of one service's database. Raises `ValueError` if there is none."""
        url = os.environ.get(f"KITH_{service.upper()}_DATABASE_URL") or self.database_url
        if not url:
            raise ValueError(f"set KITH_{service.upper()}_DATABASE_URL or KITH_DATABASE_URL")
        return url
