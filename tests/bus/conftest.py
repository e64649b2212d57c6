"""Every test of this folder runs on both buses."""

from tests.support.pipes import broker_url, pipe

__all__ = ["broker_url", "pipe"]
