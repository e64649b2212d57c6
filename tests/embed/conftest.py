"""The fixtures of this folder."""

from tests.embed.shop import shop

__all__ = ["shop"]
