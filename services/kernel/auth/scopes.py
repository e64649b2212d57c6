"""How a key says what its holder may do: scopes as bits. Which scopes there are is the product's to say."""

from collections.abc import Iterable


class Scopes:
    """The scopes of a product. Their order is part of the keys' format: `names` only ever grows at its end.

    `usual` is what a secret key may do if nobody said anything when it was made, `publishable` all that a publishable
    key may ever do. Who holds all of `whole` holds `later` too, however old the key: it was given everything there was,
    and a scope that came afterwards must not need a new key in every shop's server.
    """

    __slots__ = ("_bits", "_later", "_whole", "names", "publishable", "usual")

    def __init__(
        self,
        names: Iterable[str],
        *,
        usual: Iterable[str] = (),
        publishable: Iterable[str] = (),
        whole: Iterable[str] = (),
        later: Iterable[str] = (),
    ) -> None:
        self.names = tuple(names)
        self.usual = frozenset(usual)
        self.publishable = frozenset(publishable)
        self._bits = {name: 1 << place for place, name in enumerate(self.names)}
        self._whole = sum(self._bits[name] for name in set(whole))
        self._later = sum(self._bits[name] for name in set(later)) if self._whole else 0

    def to_mask(self, scopes: Iterable[str]) -> int:
        """Scopes as bits. `links:*` stands for both of links. Raises `ValueError` naming an unknown scope."""
        mask = 0
        for scope in scopes:
            if scope.endswith(":*"):
                matching = [bit for name, bit in self._bits.items() if name.startswith(scope[:-1])]
                if not matching:
                    raise ValueError(f"unknown scope {scope}")
                mask |= sum(matching)
            elif scope in self._bits:
                mask |= self._bits[scope]
            else:
                raise ValueError(f"unknown scope {scope}")
        return mask

    def from_mask(self, mask: int) -> frozenset[str]:
        """The scopes of a mask, and those that come with them; bits of a newer version are ignored."""
        if self._whole and mask & self._whole == self._whole:
            mask |= self._later
        return frozenset(name for name, bit in self._bits.items() if mask & bit)


NONE = Scopes(())
"""For a process that asks nobody for a key."""
