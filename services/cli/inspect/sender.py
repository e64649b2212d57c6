"""Findings about a domain that mails come from: what the name system tells receivers of it."""

import re
from typing import Final

from services.cli.inspect.findings import Finding, failure, ok, warning
from services.kernel.names import NoNameServer, mail_hosts, txt_records

_DOMAIN: Final = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.ASCII)


def is_domain(name: str) -> bool:
    """Whether mails can come from it: a name in lower case of at least two parts, as the name system writes it."""
    return _DOMAIN.fullmatch(name) is not None


async def look(domain: str, selector: str) -> list[Finding]:
    """SPF, DKIM (by the relay's selector, if it is given), DMARC and MX. Raises nothing that a domain can cause."""
    try:
        found = [await _spf(domain), await _dmarc(domain), await _mx(domain)]
        if selector:
            found.insert(1, await _dkim(domain, selector))
        else:
            found.insert(1, warning("DKIM", "not looked at", "give the relay's selector: --selector s1"))
    except NoNameServer:
        return [failure("names", "no name server answered", "try again; check the machine's resolver")]
    return found


async def _spf(domain: str) -> Finding:
    records = [text for text in await txt_records(domain) if text.lower().split(" ")[0] == "v=spf1"]
    if not records:
        advice = f'publish a TXT record at {domain}: "v=spf1 include:<your relay> -all"'
        return failure("SPF", "there is no record: receivers cannot tell who may send for it", advice)
    if len(records) > 1:
        return failure("SPF", f"there are {len(records)} records, and receivers refuse more than one", "make them one")
    last = records[0].lower().split()[-1]
    if last in ("+all", "all"):
        return failure("SPF", f"anybody may send for it: {records[0]}", "end the record with -all or ~all")
    if last == "?all":
        return warning("SPF", f"it says nothing of others: {records[0]}", "end the record with -all or ~all")
    return ok("SPF", records[0])


async def _dkim(domain: str, selector: str) -> Finding:
    name = f"{selector}._domainkey.{domain}"
    records = [_tags(text) for text in await txt_records(name)]
    keys = [tags["p"] for tags in records if "p" in tags]
    if not keys:
        return failure("DKIM", f"there is no key at {name}", "publish the TXT record that your relay gives you")
    if not any(keys):
        return failure("DKIM", f"the key at {name} is revoked (p= is empty)", "use the relay's newest selector")
    return ok("DKIM", f"a key at {name}")


async def _dmarc(domain: str) -> Finding:
    name = f"_dmarc.{domain}"
    records = [_tags(text) for text in await txt_records(name)]
    policies = [tags.get("p", "").lower() for tags in records if tags.get("v", "").upper() == "DMARC1"]
    if len(policies) != 1:
        advice = f'publish one TXT record at {name}: "v=DMARC1; p=none; rua=mailto:…"'
        return failure("DMARC", f"there are {len(policies)} policies; large providers ask for one", advice)
    if policies[0] not in ("none", "quarantine", "reject"):
        return failure("DMARC", f"p={policies[0]} is no policy", "use none, quarantine or reject")
    return ok("DMARC", f"p={policies[0]}")


async def _mx(domain: str) -> Finding:
    hosts = await mail_hosts(domain)
    if not hosts:
        return warning(
            "MX", "it takes no mail: what comes back is lost", "publish an MX record, or set KITH_SMTP_BOUNCES"
        )
    return ok("MX", ", ".join(hosts[:5]))


def _tags(text: str) -> dict[str, str]:
    """`v=DMARC1; p=none` by name."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, equals, value in pairs if equals}
