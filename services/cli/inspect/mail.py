"""Finding about the relay that mails leave through: reachable, encrypted as set, and known to it."""

import aiosmtplib
from pydantic import ValidationError

from services.cli.inspect.findings import Finding, failure, ok, warning
from services.links.settings import SmtpSettings

_NAME = "mail"


async def look(*, demo: bool) -> Finding:
    """Speaks to the relay and signs in; sends nothing."""
    try:
        settings = SmtpSettings()
    except ValidationError as error:
        wrong = "; ".join(str(entry["msg"]).removeprefix("Value error, ") for entry in error.errors())
        return failure(_NAME, wrong, "see KITH_SMTP_… in docs/operations.md")
    if settings.host is None:
        if demo:
            return ok(_NAME, "none is sent: a demo shows them in the console's mailbox")
        return warning(_NAME, "no relay: ambassadors cannot sign in by mail", "set KITH_SMTP_HOST and KITH_SMTP_SENDER")
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        use_tls=settings.tls == "tls",
        start_tls=settings.tls == "starttls",
        timeout=settings.timeout_s,
    )
    place = f"{settings.host}:{settings.port}"
    try:
        async with client:
            if settings.username is not None:
                await client.login(settings.username, settings.password.get_secret_value())
    except aiosmtplib.SMTPAuthenticationError:
        return failure(_NAME, f"{place} does not know us", "check KITH_SMTP_USERNAME and KITH_SMTP_PASSWORD")
    except (aiosmtplib.SMTPException, OSError) as error:
        return failure(
            _NAME, f"{place}: {type(error).__name__}", "check KITH_SMTP_HOST, KITH_SMTP_PORT and KITH_SMTP_TLS"
        )
    return ok(_NAME, f"{place} takes mails from {settings.sender_address}")
