"""What keeps the services alike, read from the source: file names, sizes, and who may do what.

Which package may import which is import-linter's matter: see its contracts in pyproject.toml, where each service's
features stand in their order.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SERVICES = ("links", "connectors", "attribution", "rewards", "analytics")
FILES = {"api", "consumer", "jobs", "work", "hot", "actions", "schemas", "sql", "tables", "domain", "words"}
FOLDERS = {"pages", "assets"}
AT_THE_ROOT = {"__init__", "main", "settings", "migrations", "pages", "assets"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
PURE = {"domain"}
IMPURE_LIBRARIES = {
    *("fastapi", "starlette", "sqlalchemy", "asyncpg", "aiokafka", "httpx", "asyncio", "os", "socket", "random"),
    *("secrets", "time", "structlog", "services.kernel.db", "services.kernel.http", "services.kernel.bus"),
}
OF_THE_BUSINESS = {
    *("ambassador", "buyer", "campaign", "click", "conversion", "coupon", "customer", "friend", "goodwill", "invite"),
    *("milestone", "payout", "portal", "program", "referral", "refund", "reward"),
}
"""Words that the kernel has no use for."""
SQL_MAY_BE_IN = {"sql", "tables", "migrations"}


def python_files(*folders: str) -> list[Path]:
    return [
        path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")) if "versions" not in path.parts
    ]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


@cache
def imported(path: Path) -> frozenset[str]:
    """Dotted names that a file imports, `from a import b` giving both `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(names)


def feature_files() -> Iterator[tuple[str, str, str, Path]]:
    """(service, feature, layer, path) of every Python file inside a feature folder."""
    for service in SERVICES:
        for path in python_files(f"services/{service}"):
            parts = path.relative_to(ROOT / "services" / service).parts
            if len(parts) > 1 and parts[0] not in AT_THE_ROOT:
                yield service, parts[0], parts[1].removesuffix(".py"), path


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_a_feature_has_files_of_the_agreed_names_only() -> None:
    agreed = FILES | FOLDERS | {"__init__"}
    assert [shown(path) for _, _, layer, path in feature_files() if layer not in agreed] == []


def test_a_service_has_files_of_the_agreed_names_only() -> None:
    wrong = [
        shown(path)
        for service in SERVICES
        for path in sorted((ROOT / "services" / service).glob("*.py"))
        if path.stem not in AT_THE_ROOT
    ]
    assert wrong == []


def test_the_domain_is_pure() -> None:
    wrong = [
        f"{shown(path)} imports {name}"
        for _, _, layer, path in feature_files()
        if layer in PURE
        for name in imported(path)
        if any(name == library or name.startswith(f"{library}.") for library in IMPURE_LIBRARIES)
    ]
    assert wrong == []


def test_sql_is_written_in_sql_and_tables_only() -> None:
    wrong = [
        f"{shown(path)} imports {name}"
        for _, _, layer, path in feature_files()
        if layer not in SQL_MAY_BE_IN
        for name in imported(path)
        if name.split(".")[0] in {"sqlalchemy", "asyncpg"}
    ]
    assert wrong == []


def test_a_table_is_a_constant_of_its_own_name_on_the_services_metadata() -> None:
    """Found by one search, whatever the service: ORDER_FACTS is `order_facts`, and METADATA is in the settings."""
    wrong = []
    for service, _, layer, path in feature_files():
        for node in parsed(path).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                called, given = node.value.func, node.value.args
                if isinstance(called, ast.Name) and called.id == "service_metadata":
                    wrong.append(f"{shown(path)}:{node.lineno} makes metadata of its own")
                if isinstance(called, ast.Name) and called.id == "Table":
                    assert isinstance(node.targets[0], ast.Name) and isinstance(given[0], ast.Constant)
                    if layer != "tables" or node.targets[0].id != str(given[0].value).upper():
                        wrong.append(f"{shown(path)}:{node.lineno} {node.targets[0].id}")
        if layer == "tables" and f"services.{service}.settings.METADATA" not in imported(path):
            wrong.append(f"{shown(path)} does not take the metadata from the settings")
    assert wrong == []


def test_what_a_feature_hears_does_by_the_clock_and_sends_is_named_alike() -> None:
    parts = {"consumer": {"HANDLERS"}, "jobs": {"JOBS", "DUE_JOBS", "keyed_jobs"}}
    parts["work"] = {"TASK_KINDS", "task_kinds", "COMPOSERS"}
    wrong = []
    for _, _, layer, path in feature_files():
        if layer in parts and path.name == f"{layer}.py":
            defined = {
                target.id
                for node in parsed(path).body
                if isinstance(node, ast.Assign | ast.AnnAssign)
                for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
                if isinstance(target, ast.Name)
            }
            defined |= {node.name for node in parsed(path).body if isinstance(node, ast.FunctionDef)}
            if not defined & parts[layer]:
                wrong.append(shown(path))
    assert wrong == []


def test_the_kernel_names_nothing_of_the_business() -> None:
    wrong = []
    for path in python_files("services/kernel"):
        names = {path.stem}
        for node in ast.walk(parsed(path)):
            found = (getattr(node, part, None) for part in ("name", "id", "attr", "arg"))
            names.update(name for name in found if isinstance(name, str))
        for name in sorted(names):
            words = re.findall(r"[a-z]+|[A-Z][a-z]*", name)
            if OF_THE_BUSINESS & {word.lower().removesuffix("s") for word in words}:
                wrong.append(f"{shown(path)}: {name}")
    assert wrong == []


def test_only_the_kernel_commits() -> None:
    wrong = [
        f"{shown(path)}:{node.lineno}"
        for path in python_files("services")
        if path.parts[-2] != "kernel" and "kernel" not in path.parts
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert wrong == []


def test_time_and_chance_come_from_the_kernel() -> None:
    forbidden = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("uuid", "uuid4"), ("time", "time")}
    wrong = []
    for path in python_files("services"):
        if "kernel" in path.parts or "cli" in path.parts:
            continue
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                if (called.value.id, called.attr) in forbidden:
                    wrong.append(f"{shown(path)}:{node.lineno} {called.value.id}.{called.attr}")
            elif isinstance(called, ast.Name) and called.id in {"uuid4", "uuid1", "utcnow"}:
                wrong.append(f"{shown(path)}:{node.lineno} {called.id}")
    assert wrong == []


def test_what_is_common_has_two_users() -> None:
    """Directly, or through another file of the vocabulary that they use."""
    users: dict[str, set[str]] = {path.stem: set() for path in python_files("services/common")}
    above = [path for path in python_files("services") if path.relative_to(ROOT).parts[1] not in {"common", "kernel"}]
    reached = [(path.relative_to(ROOT).parts[1], path) for path in above]
    while reached:
        who, path = reached.pop()
        for stem, known in users.items():
            if f"services.common.{stem}" in imported(path) and who not in known:
                known.add(who)
                reached.append((who, ROOT / "services" / "common" / f"{stem}.py"))
    assert {stem for stem, known in users.items() if stem != "__init__" and len(known) < 2} == set()


def own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines, without those of functions that are defined inside it (an application's endpoints)."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    for node in ast.iter_child_nodes(function):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length -= (node.end_lineno or node.lineno) - node.lineno + 1
    return length


def test_files_and_functions_are_short() -> None:
    wrong = []
    for path in python_files("services", "contracts", "demo", "benchmarks", "proofs"):
        if "migrations" in path.parts:  # written by a tool, read once
            continue
        lines = path.read_text().count("\n")
        if lines > LONGEST_FILE:
            wrong.append(f"{shown(path)} has {lines} lines")
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = own_lines(node)
                if length > LONGEST_FUNCTION:
                    wrong.append(f"{shown(path)}:{node.lineno} {node.name} has {length} lines")
    assert wrong == []


def test_every_module_says_what_lives_in_it() -> None:
    wrong = [
        shown(path)
        for path in python_files("services", "contracts", "demo")
        if parsed(path).body and "migrations" not in path.parts and ast.get_docstring(parsed(path)) is None
    ]
    assert wrong == []
