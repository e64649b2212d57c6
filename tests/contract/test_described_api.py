"""What the API's descriptions say is what the API does: Schemathesis reads them, and calls what they promise.

It makes requests by chance and along the descriptions' links, and looks at status codes, content types, schemas and
methods. Each service's document is tried by itself, on the running product, with the key that each operation asks for.
What is tried is bounded by a number of examples and not by time: it is the same on every machine and at any load.
"""

import asyncio
import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from services.cli.names import NAMES
from tests.support.chance import chance, dose, examples, seed, tally
from tests.support.two_stores import BODIES, OPERATOR, TwoStores

CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"),
    *("response_headers_conformance", "unsupported_method", "allow_header_conformance", "missing_required_header"),
)
"""Not that what was deleted is gone: an erased ambassador is still there by their id, and says so."""
LEFT_OUT = ("/v1/clock", "/v1/keys/{key_id}")
"""What would spoil the run: moving the time, and revoking the key it runs with."""
SHARE = min(1.0, dose() / 3)
"""Of the operations, how many get all edges of their schemas and requests by chance: others in each run, all of them in
a full dose. Walks and examples reach every one."""
EXAMPLES = examples(5)
"""Requests by chance for each operation, beside what the schemas' edges give."""
WALKS = examples(40)
"""Walks along the links of all operations: of a few, chance may have none come far enough to follow one."""
PATIENCE_S = 60
"""For one answer: a busy machine is no fault of the product's."""
SPARE_CONNECTIONS = 15
"""Requests by chance end some, and cannot make one: what is walked along must still be there."""
DOCUMENTS = Path("contracts/openapi")


@pytest.mark.parametrize("service", NAMES)
def test_an_operation_has_a_name_of_its_own(service: str) -> None:
    paths = json.loads((DOCUMENTS / f"{service}.json").read_text())["paths"]
    names = [operation["operationId"] for item in paths.values() for operation in item.values()]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("service", NAMES)
def test_a_status_that_the_words_tell_of_is_among_the_answers(service: str) -> None:
    paths = json.loads((DOCUMENTS / f"{service}.json").read_text())["paths"]
    missing = {
        (operation["operationId"], status)
        for item in paths.values()
        for operation in item.values()
        for status in re.findall(r"\b[45]\d\d\b(?=[ :,;])", operation.get("description", ""))
        if status not in operation["responses"] and status != "500"
    }
    assert not missing


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("service", NAMES)
async def test_a_service_does_what_its_description_says(two_stores: TwoStores, tmp_path: Path, service: str) -> None:
    document = json.loads((DOCUMENTS / f"{service}.json").read_text())
    if service == "connectors":
        for _ in range(SPARE_CONNECTIONS):
            body = BODIES["POST /v1/connections"]({})
            made = await two_stores.client.post("/v1/connections", json=body, headers=two_stores.a.secret)
            assert made.status_code == 201, made.text
    report = tmp_path / "report.txt"
    closely = drawn(document)
    (tmp_path / "schemathesis.toml").write_text(configuration(two_stores, document, closely))
    argv = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"),
        *(str((DOCUMENTS / f"{service}.json").resolve()), "--url", str(two_stores.client.base_url)),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing,stateful"),
        *("--max-examples", str(EXAMPLES), "--seed", str(seed())),
        *("--request-timeout", str(PATIENCE_S), "--continue-on-failure", "--no-color"),
        *(part for path in LEFT_OUT for part in ("--exclude-path", path)),
    ]
    with report.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *argv, stdout=log, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path
        )
        code = await process.wait()
    text = report.read_text()
    assert "= FAILURES" not in text, text[text.find("= FAILURES") :][:20_000]
    assert code == 0, text[-20_000:]
    tried = re.search(r"Selected: (\d+)/\d+\n  Tested: (\d+)\n", text)
    assert tried and int(tried[2]) >= len(closely), f"not every operation that was drawn was tried:\n{text[-3000:]}"
    followed = re.search(r"API Links: +(\d+) covered / (\d+) selected", text)
    assert followed and int(followed[1]) > 0, f"no link was followed from one operation to the next:\n{text[-3000:]}"
    generated = re.search(r"Test cases:\n  (\d{3,}) generated", text)
    assert generated, text[-3000:]
    tally(f"requests to {service} as described", int(generated[1]))


def drawn(document: dict[str, Any]) -> set[str]:
    """The operations that are tried by their edges and by chance in this run."""
    names = [
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if path not in LEFT_OUT
    ]
    return set(chance("operations that are tried closely").sample(names, math.ceil(len(names) * SHARE)))


def configuration(two_stores: TwoStores, document: dict[str, Any], closely: set[str]) -> str:
    """Every operation with the key that its description names."""
    keys = {
        "secretKey": two_stores.a.secret["authorization"],
        "publishableKey": two_stores.a.publishable["authorization"],
        "operatorKey": f"Bearer {OPERATOR}",
    }
    lines = ["[phases.stateful.generation]", f"max-examples = {WALKS}"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            name = f"{method.upper()} {path}"
            asked = [key for entry in operation.get("security", ()) for key in entry if key in keys]
            own = [f'headers = {{ Authorization = "{keys[asked[0]]}" }}'] if asked else []
            if name not in closely:
                own += ["phases.coverage.enabled = false", "phases.fuzzing.enabled = false"]
            if own:  # a filter without a setting is refused
                lines += ["[[operations]]", f'include-name = "{name}"', *own]
    return "\n".join(lines) + "\n"
