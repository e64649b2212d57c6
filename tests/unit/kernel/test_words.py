"""The words with which what is kept for ever was packed never change: better ones are another version."""

import hashlib

import pytest

from services.attribution.decisions.sql import friends, packed
from services.attribution.orders import sql as orders
from services.rewards.grants.sql import packed as conversions


@pytest.mark.parametrize(
    ("words", "digest"),
    [
        (packed._WORDS_1, "8518d467f818e4248333ab2d310b959f"),
        (orders._WORDS_1, "c3c1aa796d353537a000e56fc006b4da"),
        (friends._WORDS_1, "9b1282b91a972c5fb7389bc3b1f92745"),
        (conversions._WORDS_1, "7c9a1be58cb70dead3c90c28b1e4087a"),
    ],
    ids=["decisions", "facts", "friends", "conversions"],
)
def test_the_first_words_are_what_they_were(words: bytes, digest: str) -> None:
    assert hashlib.blake2b(words, digest_size=16).hexdigest() == digest
