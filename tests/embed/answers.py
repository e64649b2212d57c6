"""What the test servers of this folder answer."""

from collections.abc import Sequence

from starlette.types import Receive, Scope, Send


async def life(scope: Scope, receive: Receive, send: Send) -> bool:
    """Whether this was the server's start and end, which is then done."""
    if scope["type"] != "lifespan":
        return False
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return True


async def answer(
    send: Send,
    body: bytes,
    media_type: str,
    *,
    status: int = 200,
    policy: str = "",
    cookies: Sequence[bytes] = (),
    location: bytes = b"",
) -> None:
    """Answers whoever asks, from wherever. `policy`: what the page's browser may load and run; `location`: where it is
    sent on.
    """
    headers = [
        (b"content-type", media_type.encode()),
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-headers", b"authorization, content-type"),
    ]
    headers += [(b"set-cookie", cookie) for cookie in cookies]
    if location:
        headers.append((b"location", location))
    if policy:
        headers.append((b"content-security-policy", policy.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
