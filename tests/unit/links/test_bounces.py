"""Reports of mail systems, as they come: read for the mail that they name, or not at all."""

import pytest

from services.kernel.ids import new_id
from services.links.bounces.domain import Unreadable, read, verdict
from services.links.mail.domain import return_path

MAIL, STORE = new_id("mai"), new_id("str")
LAST = f"X-Kith-Message: {MAIL}/{STORE}\nTo: anna@example.com\nSubject: Hi\n"


def bounce(status: str = "5.1.1", action: str = "failed", *, to: str = "b@kith.example", last: str = LAST) -> bytes:
    """A report as Postfix writes it."""
    return f"""From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

I'm sorry.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; forwarded@elsewhere.example
Original-Recipient: rfc822;Anna@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--x
Content-Type: message/rfc822

{last}
Hello
--x--
""".encode()


COMPLAINT = f"""From: feedback@provider.example
To: abuse@kith.example
Content-Type: multipart/report; report-type=feedback-report; boundary="x"

--x
Content-Type: text/plain

Somebody calls this unwanted.
--x
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: P/1
Version: 1

--x
Content-Type: message/rfc822

{LAST}
Hello
--x--
""".encode()


def test_a_bounce_is_of_the_mail_that_came_back_and_of_the_address_it_was_written_to() -> None:
    (report,) = read(bounce())
    assert (report.mail_id, report.store_id, report.kind, report.status) == (MAIL, STORE, "bounce", "5.1.1")
    assert report.action == "suppress"
    assert report.addresses == ("Anna@example.com", "anna@example.com", "forwarded@elsewhere.example")


def test_a_bounce_without_the_mail_is_known_by_the_address_it_came_back_to() -> None:
    (report,) = read(bounce(to=return_path("b@kith.example", MAIL, STORE), last="Subject: cut off\n"))
    assert (report.mail_id, report.store_id) == (MAIL, STORE)
    assert return_path("a-very-long-mailbox@kith.example", MAIL, STORE) == "a-very-long-mailbox@kith.example"


def test_a_complaint_ends_mails() -> None:
    (report,) = read(COMPLAINT)
    assert (report.kind, report.action, report.addresses) == ("complaint", "suppress", ("anna@example.com",))


@pytest.mark.parametrize(
    ("status", "done"),
    [
        *(("5.1.1", "suppress"), ("5.1.2", "suppress"), ("5.1.10", "suppress"), ("5.2.1", "suppress")),
        *(
            ("5.2.2", "keep"),
            ("5.7.1", "keep"),
            ("5.0.0", "keep"),
            ("5.1.0", "keep"),
            ("5.1.7", "keep"),
            ("5.1.8", "keep"),
            ("", "keep"),
            ("4.2.2", "retry"),
            ("4.4.1", "retry"),
        ),
    ],
)
def test_what_is_done_follows_the_class(status: str, done: str) -> None:
    assert verdict("failed", status) == done
    assert verdict("delayed", status) == "nothing"


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"hello", b"\xff\x00" * 50, b"To: b@kith.example\n\nOut of office"),
        bounce(last="Subject: of somebody else\n"),
        b"Content-Type: multipart/report; boundary=x\n\n" + b"--x\nContent-Type: message/rfc822\n\n" * 3000,
        b'Content-Type: multipart/mixed; boundary="a"\n\n--a\n' * 4000,
    ],
)
def test_what_is_no_report_of_ours_is_refused_in_time(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read(raw)
