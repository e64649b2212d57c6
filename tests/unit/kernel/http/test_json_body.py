"""The look at a JSON body: everything honest passes unchanged, and a key twice is always found."""

import json
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import AppError, BadRequest, Invalid
from services.kernel.http.json_body import MAX_DEPTH, MAX_VALUES, check_json

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)
AWKWARD = st.sampled_from(['":', '\\":', '"', "\\", ":", '{"a":1}', "[", "]]", "\\u0000", "\\\\u0000", " :"])


def has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(has_nul(part) for part in value)


@given(VALUES | st.dictionaries(AWKWARD, AWKWARD | VALUES), st.booleans(), st.sampled_from([None, 1]))
def test_what_an_honest_writer_sends_is_read_as_it_is(value: Any, is_ascii: bool, indent: int | None) -> None:
    body = json.dumps(value, ensure_ascii=is_ascii, indent=indent).encode("utf-8", "surrogatepass")
    if has_nul(value):
        with pytest.raises(AppError, match="NUL"):
            check_json(body)
    else:
        assert check_json(body) == value


@given(
    st.dictionaries(AWKWARD | st.text(max_size=3), AWKWARD | SCALARS, min_size=1, max_size=4).filter(
        lambda d: not has_nul(d)
    ),
    st.data(),
)
def test_a_key_twice_is_found_however_it_is_written(value: dict[str, Any], data: st.DataObject) -> None:
    pairs = list(value.items())
    pairs.insert(data.draw(st.integers(0, len(pairs))), (data.draw(st.sampled_from(sorted(value))), 1))
    space = st.sampled_from(["", " ", "\n", "\t "])
    text = ",".join(
        data.draw(space) + json.dumps(key) + data.draw(space) + ":" + json.dumps(inner) for key, inner in pairs
    )
    before, after = data.draw(st.sampled_from([("", ""), ('{"x":', "}"), ('[{"x":1},', "]"), ('{"y":[[', "]]}")]))
    with pytest.raises(AppError) as refused:
        check_json(f"{before}{{{text}}}{after}".encode())
    assert refused.value.errors[0].code == "duplicate_key"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(BadRequest, Invalid):
        check_json(body)


@pytest.mark.parametrize("levels", [2, MAX_DEPTH, MAX_DEPTH + 2, 100, 1000, 100_000])
@pytest.mark.parametrize(("opening", "closing", "each"), [("[", "]", 1), ('{"a":', "}", 1), ('[{"a":', "}]", 2)])
def test_depth_is_bounded(levels: int, opening: str, closing: str, each: int) -> None:
    body = (opening * (levels // each) + "1" + closing * (levels // each)).encode()
    if levels <= MAX_DEPTH:
        check_json(body)
    else:
        with pytest.raises((BadRequest, Invalid), match="levels"):
            check_json(body)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "nan"])
def test_what_is_no_number_is_said_so(text: str) -> None:
    with pytest.raises(AppError) as refused:
        check_json(text.encode())
    assert refused.value.status == 400
    if text != "nan":
        assert "NaN and Infinity" in refused.value.detail


def test_a_wide_body_is_no_deep_one() -> None:
    check_json(json.dumps([{"a": [1]}] * 3_000).encode())


def test_more_values_than_anybody_needs_are_refused() -> None:
    lists = b"[" + b",".join(b"0" for _ in range(MAX_VALUES + 2)) + b"]"
    keys = b"{" + b",".join(b'"k%d":0' % n for n in range(MAX_VALUES + 2)) + b"}"
    for body in (lists, keys):
        with pytest.raises(Invalid) as refused:
            check_json(body)
        assert refused.value.errors[0].code == "too_many_values"


def test_marks_inside_texts_are_no_values() -> None:
    text = ",[{" * 50_000
    assert check_json(orjson.dumps({"a": text, "b": 'x\\",' * 20_000})) == {"a": text, "b": 'x\\",' * 20_000}
