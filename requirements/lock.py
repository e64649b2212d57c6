"""Writes the lock files beside this one from pyproject.toml. They name versions and hashes, no index.

Needs `uv`, which `make install` brings.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SETS = {
    "run.txt": ["--group", "build"],
    "dev.txt": ["--group", "dev"],
    "kafka.txt": ["--extra", "kafka", "--group", "build"],
    "uv.txt": ["--only-group", "install"],
}
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
    """One resolution of everything first, so that the three files agree."""
    project = str(HERE.parent / "pyproject.toml")
    with tempfile.TemporaryDirectory() as scratch:
        whole = f"{scratch}/all.txt"
        subprocess.run(
            [*COMPILE, project, "--group", "dev", "--group", "install", "--extra", "kafka", "-o", whole], check=True
        )
        for name, options in SETS.items():
            subprocess.run([*COMPILE, project, *options, "-c", whole, "-o", str(HERE / name)], check=True)


if __name__ == "__main__":
    main()
