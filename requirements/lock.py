"""Writes the lock files beside this one from pyproject.toml (needs `uv`). They name versions and hashes, no index."""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SETS = {
    "run.txt": ["--group", "build"],
    "dev.txt": ["--group", "dev"],
    "kafka.txt": ["--extra", "kafka", "--group", "build"],
}
COMPILE = [
    *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--upgrade", "--python-version", "3.11", "--universal"),
    *("--generate-hashes", "--no-header", "--no-emit-index-url", "--no-annotate"),
]


def main() -> None:
    """One resolution of everything first, so that the three files agree."""
    project = str(HERE.parent / "pyproject.toml")
    with tempfile.TemporaryDirectory() as scratch:
        whole = f"{scratch}/all.txt"
        subprocess.run([*COMPILE, project, "--group", "dev", "--extra", "kafka", "-o", whole], check=True)
        for name, options in SETS.items():
            subprocess.run([*COMPILE, project, *options, "-c", whole, "-o", str(HERE / name)], check=True)


if __name__ == "__main__":
    main()
