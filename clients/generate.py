"""Generates the typed clients from the OpenAPI documents: `make clients`. Python always, TypeScript where npm is."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOCUMENTS = HERE.parent / "contracts" / "openapi"
BUILD = HERE / "build"


def main(generator: str) -> None:
    """`generator`: the command of openapi-python-client."""
    shutil.rmtree(BUILD, ignore_errors=True)
    for folder in ("python", "typescript", "documents"):
        (BUILD / folder).mkdir(parents=True)
    npm = shutil.which("npm")
    if npm:
        subprocess.run([npm, "ci", "--silent", "--prefix", str(HERE / "typescript")], check=True)
    for document in sorted(DOCUMENTS.glob("*.json")):
        name = document.stem
        plain = BUILD / "documents" / document.name
        # Two schemas may share a title; the generator would take both for one class. Their names differ.
        described = json.loads(document.read_text())
        _tell_apart(described)
        plain.write_text(json.dumps(_without_titles(described) | {"info": described["info"]}))
        settings = BUILD / "documents" / f"{name}.yml"
        settings.write_text(f"project_name_override: kith-{name}\npackage_name_override: kith_{name}\npost_hooks: []\n")
        target = str(BUILD / "python" / f"kith_{name}")
        options = ["--meta", "none", "--path", str(plain), "--config", str(settings), "--output-path", target]
        subprocess.run([generator, "generate", *options], check=True, stdout=subprocess.DEVNULL)
        if npm:
            tool = HERE / "typescript" / "node_modules" / ".bin" / "openapi-typescript"
            made = str(BUILD / "typescript" / f"{name}.d.ts")
            subprocess.run(
                [str(tool), str(plain), "--default-non-nullable", "false", "-o", made],
                check=True,
                stdout=subprocess.DEVNULL,
            )
    print(BUILD)  # noqa: T201  # what was made


def _tell_apart(document: Any) -> None:
    """Operations of one name in one document get numbers: generators make a type of each name."""
    met: dict[str, int] = {}
    for item in document["paths"].values():
        for operation in item.values():
            name = operation["operationId"]
            met[name] = met.get(name, 0) + 1
            if met[name] > 1:
                operation["operationId"] = f"{name}_{met[name]}"


def _without_titles(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_titles(v) for k, v in value.items() if not (k == "title" and isinstance(v, str))}
    return [_without_titles(one) for one in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main(sys.argv[1])
