"""Headers that every answer of the framework carries, added where the answer does not say otherwise itself."""

from typing import Final

from starlette.types import Message

_DATA_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_NO_SNIFF: Final = (b"x-content-type-options", b"nosniff")
_REFERRER: Final = (b"referrer-policy", b"same-origin")
_NO_STORE: Final = (b"cache-control", b"no-store")


def complete(
    message: Message, *, request_id: str, is_api: bool, page_policy: bytes, extra: list[tuple[bytes, bytes]] | None
) -> Message:
    """The first message of an answer, completed. The one given may be prebuilt and shared, so it is left as it is."""
    headers = list(message.get("headers", ()))
    given = {name.lower(): value for name, value in headers}
    if b"content-security-policy" not in given:
        is_page = page_policy and given.get(b"content-type", b"").startswith(b"text/html")
        headers.append((b"content-security-policy", page_policy) if is_page else _DATA_POLICY)
    if b"x-content-type-options" not in given:
        headers.append(_NO_SNIFF)
    if b"referrer-policy" not in given:
        headers.append(_REFERRER)
    if is_api and b"cache-control" not in given:
        headers.append(_NO_STORE)
    if b"x-request-id" not in given:
        headers.append((b"x-request-id", request_id.encode()))
    if extra:
        headers.extend(extra)
    return {**message, "headers": headers}
