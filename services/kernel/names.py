"""What the name system says of a name that somebody else chose: bounded in time and number."""

import dns.asyncresolver
import dns.exception
import dns.resolver

_TIME_S = 8.0
_MOST_RECORDS = 50


class NoNameServer(Exception):
    """No name server answered: nothing is known, and that is not the same as no record."""


async def addresses(name: str) -> set[str]:
    """The addresses at a name, whatever other names it goes by; empty if there are none. Raises `NoNameServer`."""
    found: set[str] = set()
    for kind in ("A", "AAAA"):
        try:
            answer = await dns.asyncresolver.get_default_resolver().resolve(name, kind, lifetime=_TIME_S)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            continue
        except (dns.exception.DNSException, OSError):
            raise NoNameServer from None
        found |= {record.address for record in list(answer)[:_MOST_RECORDS]}
    return found


async def txt_records(name: str) -> list[str]:
    """The TXT records at a name, empty if there are none. Raises `NoNameServer`."""
    try:
        answer = await dns.asyncresolver.get_default_resolver().resolve(name, "TXT", lifetime=_TIME_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        raise NoNameServer from None
    return [b"".join(record.strings).decode("ascii", "replace") for record in list(answer)[:_MOST_RECORDS]]


async def mail_hosts(name: str) -> list[str]:
    """The hosts that take mail for a name, the first to be tried first. Raises `NoNameServer`."""
    try:
        answer = await dns.asyncresolver.get_default_resolver().resolve(name, "MX", lifetime=_TIME_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        raise NoNameServer from None
    records = sorted(list(answer)[:_MOST_RECORDS], key=lambda record: (record.preference, str(record.exchange)))
    return [host for record in records if (host := record.exchange.to_text(omit_final_dot=True)) != "."]
