"""An SMTP server that takes everything and keeps nothing: what mails are sent to when sending them is measured.

`python -m benchmarks.sink` listens on a free port and prints it. Once its standard input is closed it prints how many
Message-IDs it took and how many copies came besides, and ends.
"""

import asyncio
import sys
from email.parser import BytesHeaderParser

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """Counts what arrives by its Message-ID; a message without one is nobody's, and is not counted."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.copies = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # its name
        """Takes one message."""
        head, _, _ = (envelope.original_content or b"").partition(b"\r\n\r\n")
        ident = BytesHeaderParser().parsebytes(head)["Message-ID"]
        if ident is not None:
            self.copies += ident in self.taken
            self.taken.add(ident)
        return "250 taken"


async def main() -> None:
    """Listens until its input is closed."""
    sink, loop = Sink(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, hostname="sink.example", loop=loop), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    sys.stdout.write(f"{len(sink.taken)} {sink.copies}\n")


if __name__ == "__main__":
    asyncio.run(main())
