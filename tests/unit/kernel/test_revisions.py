"""The newest state of each thing in a batch."""

import random
from dataclasses import dataclass

from services.kernel.revisions import newest


@dataclass(frozen=True)
class Saved:
    name: str
    revision: int


def test_of_each_thing_the_highest_revision_holds_in_whatever_order_they_come() -> None:
    saved = [Saved(name, revision) for name in "abc" for revision in (1, 2, 3, 10)]
    for seed in range(20):
        random.Random(seed).shuffle(saved)
        assert newest(saved, key=lambda one: one.name) == {name: Saved(name, 10) for name in "abc"}


def test_things_stay_in_the_order_in_which_they_first_came() -> None:
    saved = [Saved("b", 1), Saved("a", 2), Saved("b", 3), Saved("a", 1)]
    assert list(newest(saved, key=lambda one: one.name).values()) == [Saved("b", 3), Saved("a", 2)]


def test_of_a_repeated_revision_the_first_copy_holds() -> None:
    first, again = Saved("a", 2), Saved("a", 2)
    assert newest([first, again], key=lambda one: one.name)["a"] is first
