"""What stores' servers answer when they are asked about a reward: only a clear word moves money."""

from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.approvals.domain import LONGEST_NOTE, WAITS, of_answer, of_failure, wait_after

NO = b'{"allow": false, "reason": "bought by themselves"}'


@pytest.mark.parametrize("status", [409, 422])
def test_a_no_is_409_or_422_that_says_so(status: int) -> None:
    verdict = of_answer(status, NO)
    assert (verdict.outcome, verdict.note) == ("refused", "bought by themselves")


@pytest.mark.parametrize("body", [b"", b"ok", b"{}", b'{"allow": true}', b"\xff\xfe", b"[1]", b"null"])
@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_lets_pass(status: int, body: bytes) -> None:
    assert of_answer(status, body).outcome == "allowed"


def test_a_2xx_whose_body_refuses_moves_nothing() -> None:
    assert of_answer(200, NO).outcome == "waiting"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((status, NO) for status in (301, 302, 400, 401, 403, 404, 410, 429, 500, 502, 503, 504)),
        *((409, body) for body in (b"", b"{}", b'{"allow": true}', b'{"allow": 0}', b'{"allow": "false"}', b"[]")),
        (422, b'{"detail": "a proxy\'s own"}'),
        (409, NO[:-1]),  # cut off
    ],
)
def test_everything_else_waits(status: int, body: bytes) -> None:
    assert of_answer(status, body).outcome == "waiting"


@given(status=st.integers(100, 599), body=st.one_of(st.binary(max_size=200), st.just(NO)))
def test_no_answer_is_both_and_none_raises(status: int, body: bytes) -> None:
    outcome = of_answer(status, body).outcome
    assert outcome == "waiting" or (outcome == "allowed") == (200 <= status < 300)
    assert outcome != "refused" or (status in (409, 422) and orjson.loads(body)["allow"] is False)


@given(reason=st.text(max_size=2_000))
def test_a_reason_is_kept_as_one_printable_line(reason: str) -> None:
    note = of_answer(422, orjson.dumps({"allow": False, "reason": reason}, default=str)).note
    assert note is None or (note.isprintable() and note == note.strip() and 0 < len(note) <= LONGEST_NOTE)


def test_what_is_no_text_is_no_reason() -> None:
    assert of_answer(409, b'{"allow": false, "reason": {"a": 1}}').note is None


def test_who_does_not_answer_at_all_is_left_alone() -> None:
    assert of_failure("timeout").away
    assert of_answer(503, b"").away
    assert not of_answer(404, b"").away


@given(failures=st.integers(0, 30), chance=st.floats(0, 1, exclude_max=True))
def test_questions_end_and_never_come_sooner_than_asked(failures: int, chance: float) -> None:
    asked = timedelta(hours=3)
    wait = wait_after(failures, asked, chance)
    assert (wait is None) == (failures >= len(WAITS))
    assert wait is None or wait >= asked
