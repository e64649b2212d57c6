"""A shop's server that takes webhooks and keeps nothing: what they are sent to when sending them is measured.

`python -m benchmarks.receiver` listens on a free port and prints it. `/hang…` is never answered, `/down` is answered by
503 until somebody asks for `/mend`, everything else by 204.
"""

import asyncio
import sys

_GOOD = b"HTTP/1.1 204 No Content\r\n\r\n"
_AWAY = b"HTTP/1.1 503 Away\r\ncontent-length: 0\r\n\r\n"
_mended = asyncio.Event()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ", 2)[1]
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            if path.startswith(b"/hang"):
                await reader.read()
                break
            if path == b"/mend":
                _mended.set()
            writer.write(_AWAY if path == b"/down" and not _mended.is_set() else _GOOD)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main() -> None:
    """Listens until it is ended."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, limit=1 << 20, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
