"""`kith doctor mail`: what receivers are told of a domain, and what to publish."""

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.inspect import sender
from tests.support.names import NameServer, names

__all__ = ["names"]

DOMAIN = "shop.example"
WELL = {
    (DOMAIN, "TXT"): ["google-site-verification=1", "v=spf1 include:relay.example -all"],
    (f"s1._domainkey.{DOMAIN}", "TXT"): ["v=DKIM1; k=rsa; p=MIGf"],
    (f"_dmarc.{DOMAIN}", "TXT"): ["v=DMARC1; p=quarantine"],
    (DOMAIN, "MX"): ["20 b.relay.example.", "10 a.relay.example."],
}


def publish(names: NameServer, **changes: list[str]) -> None:
    """A domain that is well, but for one kind of record."""
    of = {"spf": (DOMAIN, "TXT"), "dkim": (f"s1._domainkey.{DOMAIN}", "TXT"), "dmarc": (f"_dmarc.{DOMAIN}", "TXT")}
    of["mx"] = (DOMAIN, "MX")
    for (name, kind), values in (WELL | {of[what]: values for what, values in changes.items()}).items():
        names.knows(name, kind, *values)


async def verdicts(selector: str = "s1") -> dict[str, tuple[str, str]]:
    """The verdict on each kind, with what it says and advises."""
    found = await sender.look(DOMAIN, selector)
    return {one.name: (one.verdict, f"{one.detail} {one.advice}") for one in found}


async def test_a_domain_that_is_well_is_said_to_be(names: NameServer) -> None:
    publish(names)
    found = await verdicts()
    assert {verdict for verdict, _ in found.values()} == {"ok"}
    assert list(found) == ["SPF", "DKIM", "DMARC", "MX"]
    assert found["MX"][1].startswith("a.relay.example, b.relay.example")
    assert (await verdicts(selector=""))["DKIM"][0] == "warning"


@pytest.mark.parametrize(
    ("changed", "kind", "verdict", "text"),
    [
        ({"spf": ["no such thing"]}, "SPF", "failure", "publish a TXT record"),
        ({"spf": ["v=spf1 -all", "v=spf1 ~all"]}, "SPF", "failure", "make them one"),
        ({"spf": ["v=spf1 +all"]}, "SPF", "failure", "anybody may send"),
        ({"spf": ["v=spf1 mx ?all"]}, "SPF", "warning", "says nothing of others"),
        ({"dkim": ["v=DKIM1; p="]}, "DKIM", "failure", "revoked"),
        ({"dkim": []}, "DKIM", "failure", "no key at s1._domainkey"),
        ({"dmarc": []}, "DMARC", "failure", "0 policies"),
        ({"dmarc": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, "DMARC", "failure", "2 policies"),
        ({"dmarc": ["v=DMARC1; p=maybe"]}, "DMARC", "failure", "is no policy"),
        ({"mx": []}, "MX", "warning", "takes no mail"),
        ({"mx": ["0 ."]}, "MX", "warning", "takes no mail"),
    ],
)
async def test_what_is_wrong_is_named_with_what_to_do(
    names: NameServer, changed: dict[str, list[str]], kind: str, verdict: str, text: str
) -> None:
    publish(names, **changed)
    found = await verdicts()
    assert found[kind][0] == verdict and text in found[kind][1]
    assert {name for name, (one, _) in found.items() if one != "ok"} == {kind}


async def test_no_answer_is_not_taken_for_no_record(names: NameServer) -> None:
    names.transport.close()
    assert await verdicts() == {"names": ("failure", "no name server answered try again; check the machine's resolver")}


@pytest.mark.parametrize("given", ["not a domain", "anna@shop.example", "localhost", "https://shop.example", ""])
def test_what_is_no_domain_is_said_so_and_not_looked_up(given: str) -> None:
    answer = CliRunner().invoke(app, ["doctor", "mail", given])
    assert answer.exit_code == 2 and "as in shop.example" in answer.output


def test_domains_of_every_script_are_domains_in_the_form_that_is_looked_up() -> None:
    assert all(map(sender.is_domain, (DOMAIN, "mail.shop-1.example", "xn--80ak6aa92e.xn--p1ai")))
