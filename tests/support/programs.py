"""Programs that tests need beside the environment's packages: a Chromium, which must be there, and PHP, which may be.

`python -m tests.support.programs` sees to them before a test run: Debian's packages when we are root. Where PHP cannot
be had, the tests that run it are skipped and say so.
"""

import os
import shutil
import subprocess
import sys

from tests.support import browser

_QUIETLY = ("-qq", "-o", "DPkg::Lock::Timeout=120")
_PATIENT = ("-o", "Acquire::Retries=3")
_BRIEF = ("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::https::Timeout=15")
_LONGEST_S = 900.0
_LONGEST_OF_OPTIONAL_S = 180.0
_PHP = ("php-cli",)


def install(*packages: str, needed: bool = True) -> str:
    """Installs packages of Debian's; what was tried and did not work, or nothing. What is not `needed` is given up
    soon: a registry that does not answer must hold up nobody's tests.
    """
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "not root on Debian"
    print(f"Installing {', '.join(packages)} for the tests", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    status = 0
    for argv in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        try:
            status = subprocess.run(
                ["apt-get", *_QUIETLY, *(_PATIENT if needed else _BRIEF), *argv],
                check=False,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                timeout=_LONGEST_S if needed else _LONGEST_OF_OPTIONAL_S,
            ).returncode
        except subprocess.TimeoutExpired as error:
            return f"apt-get {argv[0]} took longer than {error.timeout:.0f} s"
    return f"apt-get install ended with {status}" if status else ""


def main() -> None:
    """All in one installation, which is quicker; each alone where that fails. Ends with 1 without a Chromium."""
    php = () if shutil.which("php") else _PHP
    chromium = () if browser.had() else browser.PACKAGES
    wrong = ""
    if php and chromium:
        wrong = install(*chromium, *php)
    if not browser.had():
        wrong = install(*browser.PACKAGES)
        try:
            browser.download(wrong)
        except browser.NoBrowser as reason:
            sys.exit(str(reason))
    if not shutil.which("php"):
        # Where the browser's packages could not be had either, these cannot.
        wrong = wrong or install(*_PHP, needed=False)
        if wrong:
            print(f"There is no PHP ({wrong}): the tests that run it are skipped")


if __name__ == "__main__":
    main()
