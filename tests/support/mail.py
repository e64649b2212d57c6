"""A real SMTP server in this process, which refuses and is busy when told to, and keeps what it was given."""

import asyncio
import email
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class MailServer:
    """What came, and what is to be answered: per address, answers to be given before it is taken."""

    def __init__(self) -> None:
        self.came: list[tuple[str, EmailMessage]] = []
        """Recipient and message, in the order in which they came."""
        self.returns: list[str] = []
        """Where each of them would come back to."""
        self.answers: dict[str, list[str]] = {}
        self.asked: Counter[str] = Counter()
        self.hostname, self.port = "127.0.0.1", 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        self.asked[address] += 1
        waiting = self.answers.get(address)
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        read = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(read, EmailMessage)
        self.returns += [str(envelope.mail_from)] * len(envelope.rcpt_tos)
        self.came += [(address, read) for address in envelope.rcpt_tos]
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        """What came for an address, oldest first."""
        return [message for whom, message in self.came if whom == address]


@asynccontextmanager
async def mail_server(*, smtputf8: bool = True) -> AsyncIterator[MailServer]:
    """Runs one until the block ends. Without `smtputf8` it takes addresses in ASCII only, as many relays do."""
    server = MailServer()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: SMTP(server, hostname="mail.test", enable_SMTPUTF8=smtputf8, loop=loop), server.hostname, 0
    )
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


def text_part(message: EmailMessage) -> str:
    """The words for a reader without HTML."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_part(message: EmailMessage) -> str:
    """The words with HTML."""
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())
