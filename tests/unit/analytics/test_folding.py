"""A list of activity: what somebody does many times stands there once, what was done a few times each for itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.analytics.activity.domain import Line, Note, fold

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def note(number: int, action: str = "link.made", *, hours: float = 0.0, **other: Any) -> Note:
    """The number-th note, so many hours before noon."""
    given: dict[str, Any] = {
        "audit_id": f"aud_{1000 - number:04}",
        "at": NOON - timedelta(hours=hours, milliseconds=number),
        "service": "links",
        "actor_kind": "key",
        "actor_id": "key_1",
        "session_id": None,
        "action": action,
        "subject": f"lnk_{number}",
        "before": {},
        "after": {},
        "request_id": f"req_{number}",
    }
    return Note(**given | other)


def counts(lines: list[Line]) -> list[tuple[str, int]]:
    return [(line.note.action, line.count) for line in lines]


def test_a_few_equal_actions_stand_each_for_itself() -> None:
    lines = fold([note(n) for n in range(3)])
    assert counts(lines) == [("link.made", 1)] * 3
    assert [line.note.subject for line in lines] == ["lnk_0", "lnk_1", "lnk_2"]


def test_many_are_one_line_with_their_number_and_their_time() -> None:
    (line,) = fold([note(n, hours=n) for n in range(12)])
    assert (line.count, line.note.subject, line.since) == (12, "lnk_0", note(11, hours=11).at)


def test_what_one_request_did_is_one_line_however_little() -> None:
    lines = fold([note(n, "ambassador.added", request_id="req_batch") for n in range(2)])
    assert counts(lines) == [("ambassador.added", 2)]


def test_what_lies_more_than_a_day_and_a_half_apart_is_two_lines() -> None:
    lines = fold([note(n, hours=n) for n in range(5)] + [note(n, hours=n + 40) for n in range(5, 10)])
    assert counts(lines) == [("link.made", 5), ("link.made", 5)]


def test_others_and_other_actions_between_them_break_nothing_and_keep_their_lines() -> None:
    notes = []
    for n in range(0, 20, 2):
        notes += [note(n), note(n + 1, actor_kind="operator", actor_id="operator", action="clock.moved")]
    notes.insert(5, note(4, "program.changed", subject="prg_1"))
    assert sorted(counts(fold(notes))) == [("clock.moved", 10), ("link.made", 10), ("program.changed", 1)]


def test_two_keys_and_two_sessions_are_never_one() -> None:
    notes = [note(n, actor_id=f"key_{n % 2}") for n in range(8)]
    notes += [note(n, actor_kind="member", session_id=f"s{n % 2}") for n in range(8, 16)]
    assert [line.count for line in fold(notes)] == [4, 4, 4, 4]


def test_lines_stand_by_their_newest_note() -> None:
    notes = [note(0), note(1, "code.made"), *(note(n) for n in range(2, 6)), note(6, "key.made")]
    assert counts(fold(notes)) == [("link.made", 5), ("code.made", 1), ("key.made", 1)]
