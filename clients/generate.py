"""Generates the typed clients from the OpenAPI documents: `make clients`.

Python first, then TypeScript, which needs npm and its registry: without them it ends with 1, Python's are there, and
`build/left-out.txt` says why the others are not.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOCUMENTS = HERE.parent / "contracts" / "openapi"
BUILD = HERE / "build"
LONGEST_S = 180.0
"""For all that npm fetches: the types of TypeScript may be missing, and nobody waits for ever."""


def main(generator: str) -> None:
    """`generator`: the command of openapi-python-client."""
    shutil.rmtree(BUILD, ignore_errors=True)
    for folder in ("python", "typescript", "documents"):
        (BUILD / folder).mkdir(parents=True)
    documents = sorted(DOCUMENTS.glob("*.json"))
    for document in documents:
        name = document.stem
        plain = BUILD / "documents" / document.name
        # Two schemas may share a title; the generator would take both for one class. Their names differ.
        described = json.loads(document.read_text())
        _distinguish(described)
        plain.write_text(json.dumps(_simpler(described) | {"info": described["info"]}))
        settings = BUILD / "documents" / f"{name}.yml"
        settings.write_text(f"project_name_override: kith-{name}\npackage_name_override: kith_{name}\npost_hooks: []\n")
        target = str(BUILD / "python" / f"kith_{name}")
        options = ["--meta", "none", "--path", str(plain), "--config", str(settings), "--output-path", target]
        _run([generator, "generate", *options])
    wrong = _without_npm()
    if wrong:
        (BUILD / "left-out.txt").write_text(wrong)
        sys.exit(f"No types for TypeScript: {wrong}")
    tool = HERE / "typescript" / "node_modules" / ".bin" / "openapi-typescript"
    for document in documents:
        made = str(BUILD / "typescript" / f"{document.stem}.d.ts")
        plain = str(BUILD / "documents" / document.name)
        options = [plain, "--default-non-nullable", "false", "-o", made]
        _run([str(tool), *options])


def _without_npm() -> str:
    """Fetches the generator of TypeScript; why that cannot be, or nothing."""
    npm = shutil.which("npm")
    if npm is None:
        return "there is no npm here"
    options = ["--silent", "--no-audit", "--no-fund", "--prefix", str(HERE / "typescript")]
    # Its own are five minutes for each of three tries: behind a wall that drops packets, a quarter of an hour.
    options += ["--fetch-timeout=20000", "--fetch-retries=1"]
    try:
        done = subprocess.run([npm, "ci", *options], check=False, stdin=subprocess.DEVNULL, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        return f"npm ci took longer than {LONGEST_S:.0f} s"
    return f"npm ci ended with {done.returncode}" if done.returncode else ""


def _run(argv: list[str]) -> None:
    """What a generator warns of is of interest where it fails."""
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout[-4000:]}")


def _distinguish(document: Any) -> None:
    """Operations of one name in one document get numbers: generators make a type of each name."""
    met: dict[str, int] = {}
    for item in document["paths"].values():
        for operation in item.values():
            name = operation["operationId"]
            met[name] = met.get(name, 0) + 1
            if met[name] > 1:
                operation["operationId"] = f"{name}_{met[name]}"


def _simpler(value: Any) -> Any:
    """Without titles, which two schemas may share, and without defaults of one of several kinds, which the server puts
    in anyway: of such a field, and of all that has it, the generator makes nothing.
    """
    if isinstance(value, dict):
        several = "oneOf" in value or "anyOf" in value
        return {
            name: _simpler(one)
            for name, one in value.items()
            if not (name == "title" and isinstance(one, str))
            and not (several and name == "default" and isinstance(one, dict))
        }
    return [_simpler(one) for one in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main(sys.argv[1])
