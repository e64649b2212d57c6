"""Every test of this folder runs on both buses."""

from tests.support.pipes import broker_url, pipe
from tests.support.toy.template import toy_template

__all__ = ["broker_url", "pipe", "toy_template"]
