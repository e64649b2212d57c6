"""What forms send, and the key that makes pressing their button twice harmless."""

from urllib.parse import urlencode

from starlette.requests import Request

from services.ui.forms import new_once, once_of, sent


def request(**fields: str) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": urlencode(fields).encode(), "more_body": False}

    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


async def test_fields_are_cut_and_those_left_out_are_empty_and_the_body_is_kept() -> None:
    posted = request(name="Coffee", note="n" * 30)
    assert await sent(posted, ("name", "price"), longest=10) == {"name": "Coffee", "price": "", "note": "n" * 10}
    assert (await posted.body()).startswith(b"name=Coffee")


def test_a_key_that_is_not_ours_is_replaced() -> None:
    key = new_once()
    assert once_of(key) == key
    assert {len(once_of(other)) for other in ("", "a", key + "0", "٣" * 32, key + "\n")} == {32}
    assert once_of("٣" * 32) != "٣" * 32
