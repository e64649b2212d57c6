"""Statements by name become statements by number, and void conditions leave them."""

import pytest

from services.kernel.statements import numbered

LIST = (
    "select * from orders where store_id = :store and (cast(:reason as text) is null or reason = :reason)"
    " and (cast(:before as timestamptz) is null\n  or (at, id) < (cast(:before as timestamptz), cast(:id as text)))"
    " and (cast(:word as text) is null or name ilike :word or note = ')' or code ilike :word) limit :count"
)


def test_names_become_numbers_in_the_order_in_which_they_first_stand() -> None:
    sql = "select a::text from t where b = :b and c = :a and d = :b and e = '::x'"
    assert numbered(sql, {"a": 1, "b": 2}) == (
        "select a::text from t where b = $1 and c = $2 and d = $1 and e = '::x'",
        ("b", "a"),
    )


@pytest.mark.parametrize(
    ("given", "conditions", "names"),
    [
        ({}, "true and true and true", ("store", "count")),
        ({"reason": "code"}, "(reason = $2) and true and true", ("store", "reason", "count")),
        (
            {"before": 1, "id": 2},
            "true and ((at, id) < (cast($2 as timestamptz), cast($3 as text))) and true",
            ("store", "before", "id", "count"),
        ),
        (
            {"word": "%a%"},
            "true and true and (name ilike $2 or note = ')' or code ilike $2)",
            ("store", "word", "count"),
        ),
    ],
)
def test_a_condition_without_its_argument_is_left_out(
    given: dict[str, object], conditions: str, names: tuple[str, ...]
) -> None:
    arguments = {"store": "s", "count": 9, "reason": None, "before": None, "id": None, "word": None} | given
    text, found = numbered(LIST, arguments)
    last = len(names)
    assert text == f"select * from orders where store_id = $1 and {conditions} limit ${last}"
    assert found == names
