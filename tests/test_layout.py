"""The shape of the code: which module may import which, how long a file and a function may be, what an import costs.

A module imports lower levels, or its own where that makes no circle. Reading is done with ``ast``, so an import inside
a function or under ``TYPE_CHECKING`` counts like any other.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final, TypeAlias

import pytest

import jwtmr

LEVELS: Final[dict[str, int]] = {
    "jwtmr.errors": 0,
    "jwtmr.settings": 0,
    "jwtmr._fork": 0,
    "jwtmr.events": 0,
    "jwtmr._strictjson": 0,
    "jwtmr.issuers": 1,
    "jwtmr.cognito": 1,
    "jwtmr.oidc": 1,
    "jwtmr.principal": 1,
    "jwtmr.reports": 1,
    "jwtmr._lines": 1,
    "jwtmr._calm": 1,
    "jwtmr._log": 1,
    "jwtmr._window": 1,
    "jwtmr._token.*": 2,
    "jwtmr._keys.*": 2,
    "jwtmr._status": 2,
    "jwtmr._keys.fetch": 3,
    "jwtmr._keys.waiting": 3,
    "jwtmr._keys.forks": 3,
    "jwtmr._keys.guard": 3,
    "jwtmr._keys.source": 3,
    "jwtmr._routes": 3,
    "jwtmr._outcomes": 3,
    "jwtmr._operation": 3,
    "jwtmr._steps": 3,
    "jwtmr._tally": 3,
    "jwtmr.http": 3,
    "jwtmr.background": 3,
    "jwtmr.cache": 3,
    "jwtmr.revocation": 3,
    "jwtmr.snapshots": 3,
    "jwtmr._evidence": 1,
    "jwtmr._verdict": 1,
    "jwtmr.drain": 1,
    "jwtmr.validator": 4,
    "jwtmr": 4,
    "jwtmr.bearer.*": 5,
    "jwtmr.extras.*": 5,
    "jwtmr.config.*": 5,
    "jwtmr.__main__": 7,
    "jwtmr.testing.*": 6,
    "jwtmr.cli.*": 6,
    "jwtmr_asgi.*": 6,
    "jwtmr_fastapi.*": 6,
    "jwtmr_flask.*": 6,
}
"""Every module's level. ``name.*`` is a package and all within it; a longer name goes first."""

PURE: Final = 2
"""At this level nothing waits, locks or looks at a clock: what it needs to know it is told."""

IMPURE: Final = frozenset({"asyncio", "concurrent", "httpx", "multiprocessing", "socket", "ssl", "threading", "time"})

ISLANDS: Final = 6
"""At this level no package imports another, except these."""

BRIDGES: Final = frozenset({("jwtmr.cli", "jwtmr.testing")})

ADAPTERS_IMPORT: Final = frozenset({"jwtmr", "jwtmr.bearer"})

MAX_FILE_LINES: Final = 300
MAX_FUNCTION_LINES: Final = 30

HEAVY: Final = frozenset(
    {
        *("httpx", "httpx2", "fastapi", "starlette", "flask", "werkzeug", "quart", "litestar", "uvicorn", "pytest"),
        *("prometheus_client", "opentelemetry"),
    }
)
"""What an import must not load but for its own framework: a fork during a first import of httpx hangs the child."""

Sources: TypeAlias = Mapping[str, str]
Rule: TypeAlias = Callable[[Sources], list[str]]


def shipped_sources() -> dict[str, str]:
    """Return the text of every shipped module by its name, from the checkout or from where the wheel was installed."""
    package = Path(jwtmr.__file__).parent
    roots = [package, *package.parent.glob("jwtmr_*/"), *package.parent.glob("integrations/jwtmr_*/")]
    return {
        ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__"): path.read_text("utf-8")
        for root in roots
        for path in sorted(root.rglob("*.py"))
    }


def key_of(module: str) -> str | None:
    """Return the entry of ``LEVELS`` that ``module`` falls under."""
    parts = module.split(".")
    prefixes = [".".join(parts[:length]) + ".*" for length in range(len(parts), 0, -1)]
    return next((key for key in (module, *prefixes) if key in LEVELS), None)


def level_of(module: str) -> int | None:
    """Return the level of ``module``, or None for one that the table does not know."""
    key = key_of(module)
    return None if key is None else LEVELS[key]


def imports_of(text: str, known: Sources) -> Iterator[str]:
    """Yield each module that ``text`` imports; ``from a import b`` is ``a.b`` where that is a known module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in known else base


def edges_of(sources: Sources) -> list[tuple[str, str]]:
    """Return each import as (importer, imported), the foreign ones too."""
    return sorted({(name, target) for name, text in sources.items() for target in imports_of(text, sources)})


def ours(module: str) -> bool:
    """Tell whether ``module`` is part of this project, or a relative import, which is held to be."""
    return module.startswith((".", "jwtmr.", "jwtmr_")) or module == "jwtmr"


def unplaced(sources: Sources) -> list[str]:
    """Complain of modules without a level."""
    return [
        f"{name}: has no level; add it to LEVELS in tests/test_layout.py"
        for name in sorted(sources)
        if level_of(name) is None
    ]


def unresolved(sources: Sources) -> list[str]:
    """Complain of imports that are relative, or of modules of ours that do not exist."""
    return [
        f"{name}: imports {target}, which is no absolute name of a module here"
        for name, target in edges_of(sources)
        if ours(target) and target not in sources
    ]


def upward(sources: Sources) -> list[str]:
    """Complain of imports from a higher level."""
    found = []
    for name, target in edges_of(sources):
        mine, theirs = level_of(name), level_of(target)
        if mine is not None and theirs is not None and theirs > mine:
            found.append(f"{name} (level {mine}) imports {target} (level {theirs}): only lower levels or its own")
    return found


def circles(sources: Sources) -> list[str]:
    """Complain of one circle of imports."""
    graph: dict[str, set[str]] = {name: set() for name in sources}
    for name, target in edges_of(sources):
        if target in sources:
            graph[name].add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return ["imports go in a circle: " + " <- ".join(error.args[1])]
    return []


def bridges(sources: Sources) -> list[str]:
    """Complain of testing, the command line or an adapter importing one another, apart from the one bridge."""
    found = []
    for name, target in edges_of(sources):
        if level_of(name) == level_of(target) == ISLANDS:
            pair = ((key_of(name) or "").removesuffix(".*"), (key_of(target) or "").removesuffix(".*"))
            if pair[0] != pair[1] and pair not in BRIDGES:
                found.append(f"{name}: imports {target}; {pair[0]} must not know {pair[1]}")
    return found


def adapters(sources: Sources) -> list[str]:
    """Complain of an adapter that reaches behind the public face of jwtmr."""
    return [
        f"{name}: imports {target}; an adapter imports only {' and '.join(sorted(ADAPTERS_IMPORT))}"
        for name, target in edges_of(sources)
        if name.startswith("jwtmr_") and target.startswith("jwtmr.") and target not in ADAPTERS_IMPORT
    ]


def impure(sources: Sources) -> list[str]:
    """Complain of pure modules that could wait, lock or look at a clock."""
    return [
        f"{name}: imports {target}; level {PURE} is pure"
        for name, target in edges_of(sources)
        if level_of(name) == PURE and target.split(".")[0] in IMPURE
    ]


def long_files(sources: Sources) -> list[str]:
    """Complain of files that hold more than one idea."""
    return [
        f"{name}: {lines} lines, at most {MAX_FILE_LINES}"
        for name, text in sorted(sources.items())
        if (lines := len(text.splitlines())) > MAX_FILE_LINES
    ]


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of the body, comments and blank lines included, the docstring not."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def long_functions(sources: Sources) -> list[str]:
    """Complain of functions that do not fit on a screen."""
    return [
        f"{name}:{node.lineno} {node.name}: {lines} lines, at most {MAX_FUNCTION_LINES}"
        for name, text in sorted(sources.items())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if (lines := body_lines(node)) > MAX_FUNCTION_LINES
    ]


RULES: Final = (
    unplaced,
    unresolved,
    upward,
    circles,
    bridges,
    adapters,
    impure,
    long_files,
    long_functions,
)

GOOD: Final[dict[str, str]] = {
    "jwtmr": "from jwtmr import errors\nfrom jwtmr.validator import TokenValidator",
    "jwtmr.errors": "",
    "jwtmr.settings": "import time\nfrom jwtmr.errors import ConfigurationError",
    "jwtmr._keys": "",
    "jwtmr._keys.keyset": "from jwtmr import settings",
    "jwtmr._keys.walk": "from jwtmr._keys.keyset import KeySet",
    "jwtmr._keys.source": "import threading\nfrom jwtmr._keys import walk",
    "jwtmr.validator": "def f():\n    from jwtmr._keys.source import KeySource",
    "jwtmr.bearer": "from jwtmr.errors import AuthError",
    "jwtmr.testing": "from jwtmr import TokenValidator",
    "jwtmr.cli": "import jwtmr.testing",
    "jwtmr_asgi": "from jwtmr_asgi.paths import match",
    "jwtmr_asgi.paths": "from jwtmr import AuthError, bearer",
    "jwtmr_flask": "import flask\nfrom jwtmr.bearer import answer_for",
}
"""A small project that keeps every rule."""

LONG_BODY: Final = "def f():\n    'Doc.'\n" + "    x = 1\n" * (MAX_FUNCTION_LINES + 1)

BAD: Final = [
    pytest.param(unplaced, {"jwtmr.novelty": ""}, id="a file without a level"),
    pytest.param(unplaced, {"jwtmr_django": ""}, id="an adapter without a level"),
    pytest.param(unresolved, {"jwtmr.cli": "from .testing import x"}, id="a relative import"),
    pytest.param(unresolved, {"jwtmr.cli": "import jwtmr.nowhere"}, id="a module that does not exist"),
    pytest.param(upward, {"jwtmr.errors": "import jwtmr.validator"}, id="import upward"),
    pytest.param(upward, {"jwtmr.errors": "from jwtmr import validator"}, id="from-import of a module upward"),
    pytest.param(upward, {"jwtmr.errors": "from jwtmr import TokenValidator"}, id="from-import of the package upward"),
    pytest.param(upward, {"jwtmr.errors": "def f():\n  import jwtmr.bearer"}, id="upward inside a function"),
    pytest.param(upward, {"jwtmr._keys.keyset": "import jwtmr._keys.source"}, id="the pure parts of keys upward"),
    pytest.param(upward, {"jwtmr.bearer": "import jwtmr_flask"}, id="the core imports an adapter"),
    pytest.param(circles, {"jwtmr._keys.keyset": "import jwtmr._keys.walk"}, id="a circle within a level"),
    pytest.param(bridges, {"jwtmr.testing": "import jwtmr.cli"}, id="the bridge the other way"),
    pytest.param(bridges, {"jwtmr_flask": "import jwtmr_asgi.paths"}, id="an adapter imports another"),
    pytest.param(bridges, {"jwtmr_flask": "import jwtmr.testing"}, id="an adapter imports testing"),
    pytest.param(adapters, {"jwtmr_flask": "from jwtmr import errors"}, id="an adapter reaches behind the face"),
    pytest.param(adapters, {"jwtmr_flask": "import jwtmr.validator"}, id="an adapter imports a module"),
    pytest.param(impure, {"jwtmr._keys.walk": "from concurrent.futures import Future"}, id="a future in a pure part"),
    pytest.param(impure, {"jwtmr._token.claims": "import time"}, id="a clock in a pure part"),
    pytest.param(long_files, {"jwtmr.errors": "\n" * (MAX_FILE_LINES + 1)}, id="a long file"),
    pytest.param(long_functions, {"jwtmr.errors": LONG_BODY}, id="a long function"),
    pytest.param(long_functions, {"jwtmr.errors": "class C:\n async " + LONG_BODY.replace("\n", "\n ")}, id="a method"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_shipped_modules_keep_the_rule(rule: Rule) -> None:
    """Every module of the packages keeps to its level and to a readable length."""
    complaints = rule(shipped_sources())
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_project_has_no_complaint(rule: Rule) -> None:
    """What the design allows is not complained of, the longest function included."""
    longest = LONG_BODY.removesuffix("    x = 1\n")
    assert rule(GOOD | {"jwtmr.errors": longest}) == []


@pytest.mark.parametrize(("rule", "spoiled"), BAD)
def test_each_rule_sees_its_breach(rule: Rule, spoiled: dict[str, str]) -> None:
    """One spoiled module brings a complaint that names it."""
    complaints = rule(GOOD | spoiled)
    assert complaints
    assert all(name in "\n".join(complaints) for name in spoiled)


def test_the_packages_were_found() -> None:
    """The rules looked at real files, not at an empty directory."""
    assert {"jwtmr", "jwtmr.errors", "jwtmr._keys.source", "jwtmr.validator"} <= set(shipped_sources())


@pytest.mark.parametrize(
    ("module", "may_load"),
    [
        ("jwtmr", set[str]()),
        ("jwtmr.bearer", set[str]()),
        ("jwtmr_asgi", set[str]()),
        ("jwtmr_fastapi", {"fastapi", "starlette", "opentelemetry"}),  # which FastAPI loads where it is installed
        ("jwtmr_flask", {"flask", "werkzeug"}),
    ],
)
def test_importing_loads_no_foreign_framework_and_no_http_client(module: str, may_load: set[str]) -> None:
    """A process that only imports it has not paid for, or begun, anything heavy but the framework it is for."""
    script = f"import json, sys, {module}; print(json.dumps([*sys.modules]))"
    run = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(json.loads(run.stdout))
    assert module in loaded
    assert loaded & HEAVY <= may_load, f"import {module} loads {sorted(loaded & HEAVY - may_load)}"
