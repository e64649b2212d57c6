"""Small JSON texts as they lie on disk: deflated, with the words that all of a kind repeat known beforehand.

PostgreSQL does not compress rows of this size. The first byte says how to read the rest: below a blank it numbers the
words (which no JSON begins with), anything else is the plain text, as it was kept before or where packing gains
nothing. Packing a kilobyte costs about 12 µs and unpacking 3 µs.
"""

import zlib
from typing import Final

_FIRST_OF_PLAIN: Final = 0x20
_WINDOW, _MEMORY = -12, 4
"""Raw deflate over 4 kB: small, because the compressor's state is copied for each text."""


class Packing:
    """How texts of one kind are kept. `words` are those of the first version, the second, …, each beginning with the
    rarest. They are never to be changed, for what is kept was packed with them: better ones are another version.
    """

    def __init__(self, what: str, *words: bytes) -> None:
        self._what = what
        self._words = words
        self._mark = bytes([len(words)])
        self._packer = zlib.compressobj(
            zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, words[-1]
        )

    def pack(self, text: bytes) -> bytes:
        """The bytes to keep."""
        packer = self._packer.copy()
        kept = self._mark + packer.compress(text) + packer.flush()
        return kept if len(kept) < len(text) else text

    def unpack(self, kept: bytes) -> bytes:
        """The text, byte for byte as it was. Raises `ValueError` for what no version has written."""
        if not kept or (kept[0] < _FIRST_OF_PLAIN and not 0 < kept[0] <= len(self._words)):
            raise ValueError(f"{self._what} is kept in a way that is not known here")
        if kept[0] >= _FIRST_OF_PLAIN:
            return kept
        unpacker = zlib.decompressobj(_WINDOW, self._words[kept[0] - 1])
        text = unpacker.decompress(kept[1:])
        if not unpacker.eof:
            raise ValueError(f"{self._what} is cut short")
        return text
