"""How many different people, over any set of days, in little space: exact while few, then HyperLogLog.

Up to `MOST_EXACT` people a sketch is the set of their hashes. Beyond it, it is `2**P` registers: the first `P` bits
of a hash name one, and it keeps the longest run of zeros that the rest ever began with. The standard error is `ERROR`,
0.8 %, whatever the count: 997 of 1,000 lie within ± 2.5 %. It is Ertl's estimator ("New cardinality estimation
algorithms for HyperLogLog sketches", 2017), which needs no correction for small or large counts. A union is the
maximum of each register, so neither order nor repetition matters.
"""

import math
from array import array
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from sys import byteorder

from services.common.money import half_up_to

P = 14
MOST_EXACT = 1024
_REGISTERS = 2**P
_REST = 64 - P
ERROR = 1.04 / math.sqrt(_REGISTERS)
"""Relative standard error of an estimate."""

_ALPHA = 1 / (2 * math.log(2))
_TOP_BITS = int.from_bytes(b"\x80" * _REGISTERS, "big")
_LOW_BITS = int.from_bytes(b"\x7f" * _REGISTERS, "big")


def hash_of(person: str) -> int:
    """64 even bits of a person's id."""
    return int.from_bytes(blake2b(person.encode(), digest_size=8).digest(), "big")


class Sketch:
    """A set of people: their hashes while they are few, else registers."""

    __slots__ = ("hashes", "registers")

    def __init__(self, hashes: Iterable[int] = ()) -> None:
        found = set(hashes)
        self.hashes: list[int] = sorted(found) if len(found) <= MOST_EXACT else []
        self.registers: bytes | None = None if len(found) <= MOST_EXACT else _with(bytes(_REGISTERS), found)

    @classmethod
    def read(cls, data: bytes) -> "Sketch":
        """From `write`'s form."""
        sketch = cls()
        if len(data) == _REGISTERS:
            sketch.registers = bytes(data)
        else:
            sketch.hashes = _turned(array("Q", data)).tolist()
        return sketch

    def write(self) -> bytes:
        """The registers, or eight bytes per hash, rising, big endian: at most half as many."""
        return _turned(array("Q", self.hashes)).tobytes() if self.registers is None else self.registers

    def with_hashes(self, hashes: Iterable[int]) -> "Sketch":
        """The union; the same object when nothing is new."""
        if self.registers is None:
            known = set(self.hashes)
            more = known.union(hashes)
            return Sketch(more) if len(more) > len(known) else self
        grown = _with(self.registers, hashes)
        return self if grown == self.registers else _of(grown)

    @property
    def exact(self) -> bool:
        """Whether the count is not an estimate."""
        return self.registers is None

    def count(self, *, estimated: bool = False) -> int:
        """How many people. `estimated`: by the registers also where the set is known, to compare with an estimate."""
        if self.registers is None and not estimated:
            return len(self.hashes)
        return int(half_up_to(_estimate(self._filled()), 0))

    def _filled(self) -> bytes:
        return _with(bytes(_REGISTERS), self.hashes) if self.registers is None else self.registers


def union(sketches: Iterable[Sketch]) -> Sketch:
    """All people of several sketches. Registers are compared all at once, as one long number, a byte for each."""
    hashes: set[int] = set()
    whole: int | None = None
    for sketch in sketches:
        if sketch.registers is None:
            hashes.update(sketch.hashes)
        else:
            added = int.from_bytes(sketch.registers, "big")
            whole = added if whole is None else _higher(whole, added)
    if whole is None:
        return Sketch(hashes)
    return _of(_with(whole.to_bytes(_REGISTERS, "big"), hashes))


def _of(registers: bytes) -> Sketch:
    sketch = Sketch()
    sketch.registers = registers
    return sketch


def _with(registers: bytes, hashes: Iterable[int]) -> bytes:
    grown = bytearray(registers)
    for value in hashes:
        place = value >> _REST
        rank = _REST + 1 - (value & (2**_REST - 1)).bit_length()
        if rank > grown[place]:
            grown[place] = rank
    return bytes(grown)


def _higher(a: int, b: int) -> int:
    """The higher of each two bytes, which are all below 128: the top bit stays where `a` is not below `b`."""
    kept = ((a | _TOP_BITS) - b) & _TOP_BITS
    mask = kept - (kept >> 7)
    return (a & mask) | (b & (mask ^ _LOW_BITS))


def _estimate(registers: bytes) -> float:
    """Ertl's: the sum over registers, their empty and their full ones corrected."""
    counts: Sequence[int] = [registers.count(rank) for rank in range(_REST + 2)]
    total: float = _REGISTERS * _tau(1 - counts[_REST + 1] / _REGISTERS)
    for rank in range(_REST, 0, -1):
        total = 0.5 * (total + counts[rank])
    total += _REGISTERS * _sigma(counts[0] / _REGISTERS)
    return float(_ALPHA * _REGISTERS * _REGISTERS / total)


def _sigma(x: float) -> float:
    if x == 1:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x, before = x * x, z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in (0, 1):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x, before = math.sqrt(x), z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3


def _turned(stored: "array[int]") -> "array[int]":
    if byteorder != "big":
        stored.byteswap()
    return stored
