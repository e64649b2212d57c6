"""What is seen by the way is told of soon, seldom, with its newest moment, and in bounds."""

from services.kernel.sightings import AGAIN_US, Seen, Sightings

SECOND_US = 1_000_000
NOW = 1_800_000_000 * SECOND_US


def test_what_is_seen_is_told_of_at_once_and_again_after_a_while_with_its_newest_moment() -> None:
    sightings = Sightings()
    sightings.note("str_1", "delivery", NOW, on="con_1")
    assert sightings.take(NOW) == {Seen("str_1", "delivery", "con_1"): NOW}
    sightings.note("str_1", "delivery", NOW + 1, on="con_1")
    sightings.note("str_1", "delivery", NOW + 2, on="con_1")
    assert sightings.take(NOW + 3) == {}
    assert sightings.take(NOW + AGAIN_US) == {Seen("str_1", "delivery", "con_1"): NOW + 2}
    assert sightings.take(NOW + 9 * AGAIN_US) == {}


def test_each_reason_and_each_thing_is_told_of_by_itself() -> None:
    sightings = Sightings()
    sightings.note("str_1", "delivery", NOW, on="con_1")
    sightings.take(NOW)
    sightings.note("str_1", "delivery", NOW + 1, on="con_1", reason="bad_signature")
    sightings.note("str_1", "delivery", NOW + 1, on="con_2")
    sightings.note("str_2", "delivery", NOW + 1, on="con_1")
    assert len(sightings.take(NOW + 1)) == 3


def test_what_could_not_be_told_comes_again_and_something_newer_of_it_stays_newer() -> None:
    sightings = Sightings()
    sightings.note("str_1", "key", NOW, reason="revoked_key")
    taken = sightings.take(NOW)
    sightings.note("str_1", "key", NOW + 5, reason="revoked_key")
    sightings.give_back(taken)
    assert list(sightings.take(NOW + 6).values()) == [NOW + 5]


def test_there_are_bounds() -> None:
    sightings = Sightings()
    for number in range(5_000):
        sightings.note(f"str_{number}", "key", NOW, reason="revoked_key")
    assert len(sightings.take(NOW)) == 2_000


def test_who_claims_to_be_of_many_stores_is_told_of_a_few_times_and_keeps_nobody_elses_out() -> None:
    sightings = Sightings()
    for number in range(5_000):
        sightings.note_claimed(f"str_{number}", "key", NOW, reason="wrong_key")
    sightings.note("str_1", "key", NOW, reason="revoked_key")
    taken = sightings.take(NOW)
    assert len(taken) == 51
    assert Seen("str_1", "key", "", "revoked_key") in taken
    sightings.note_claimed("str_9999", "key", NOW + AGAIN_US, reason="wrong_key")
    assert len(sightings.take(NOW + AGAIN_US)) == 1
