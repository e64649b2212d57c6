"""What the name system says of a name that somebody else chose: bounded in time and number."""

import dns.asyncresolver
import dns.exception
import dns.resolver

_TIME_S = 8.0
_MOST_RECORDS = 50


class NoNameServer(Exception):
    """No name server answered: nothing is known, and that is not the same as no record."""


async def txt_records(name: str) -> list[str]:
    """The TXT records at a name, empty if there are none. Raises `NobodyTells`."""
    try:
        answer = await dns.asyncresolver.get_default_resolver().resolve(name, "TXT", lifetime=_TIME_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        raise NoNameServer from None
    return [b"".join(record.strings).decode("ascii", "replace") for record in list(answer)[:_MOST_RECORDS]]
