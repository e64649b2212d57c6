"""Writes the lock files beside this one from pyproject.toml. They name versions and hashes, no index.

Needs `uv`, which `make install` brings.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = str(HERE.parent / "pyproject.toml")
SETS = {
    "run.txt": [PROJECT, "--group", "build"],
    "dev.txt": [PROJECT, "--group", "dev"],
    "kafka.txt": [PROJECT, "--extra", "kafka", "--group", "build"],
    "uv.txt": ["--group", f"{PROJECT}:install"],
}
APART = {"clients.txt": "clients", "node.txt": "node"}
"""Groups that share no environment with the rest, so they need not agree with it."""
COMPILE = [
    *(
        shutil.which("uv") or str(Path(sys.executable).with_name("uv")),
        "pip",
        "compile",
        "--quiet",
        "--upgrade",
        "--python-version",
        "3.11",
        "--universal",
    ),
    *("--generate-hashes", "--no-header", "--no-emit-index-url", "--no-annotate"),
]


def main() -> None:
    """One resolution of everything first, so that the files agree."""
    with tempfile.TemporaryDirectory() as scratch:
        whole = f"{scratch}/all.txt"
        subprocess.run(
            [*COMPILE, PROJECT, "--group", "dev", "--group", "install", "--extra", "kafka", "-o", whole], check=True
        )
        for name, options in SETS.items():
            subprocess.run([*COMPILE, *options, "-c", whole, "-o", str(HERE / name)], check=True)
    for name, group in APART.items():
        subprocess.run([*COMPILE, "--group", f"{PROJECT}:{group}", "-o", str(HERE / name)], check=True)


if __name__ == "__main__":
    main()
