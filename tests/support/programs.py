"""Programs that tests need beside the environment's packages: a Chromium, which must be there, and PHP, which may be.

`python -m tests.support.programs` sees to them before a test run: Debian's packages when we are root. Where PHP cannot
be had, the tests that run it are skipped and say so.
"""

import os
import shutil
import subprocess
import sys

from tests.support import browser

_QUIETLY = ["-qq", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120"]
_PHP = ("php-cli",)


def install(*packages: str) -> str:
    """Installs packages of Debian's; what was tried and did not work, or nothing."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "not root on Debian"
    print(f"Installing {', '.join(packages)} for the tests", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for argv in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *_QUIETLY, *argv],
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=900,
        )
    return f"apt-get install ended with {done.returncode}" if done.returncode else ""


def main() -> None:
    """All in one installation, which is quicker; each alone where that fails. Ends with 1 without a Chromium."""
    php = () if shutil.which("php") else _PHP
    chromium = () if browser.had() else browser.PACKAGES
    wrong = ""
    if php and chromium:
        wrong = install(*chromium, *php)
    if not browser.had():
        tried = install(*browser.PACKAGES)
        try:
            browser.download(tried)
        except browser.NoBrowser as reason:
            sys.exit(str(reason))
    if not shutil.which("php"):
        wrong = install(*_PHP)
    if wrong and not shutil.which("php"):
        print(f"There is no PHP ({wrong}): the tests that run it are skipped")


if __name__ == "__main__":
    main()
