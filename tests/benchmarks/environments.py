"""Makes the environments of a full run: ``python tests/benchmarks/environments.py``.

``.venv/peers`` holds the libraries that jwtmr is measured beside, and what draws the plot; ``.venv/peers-node`` those
for Node.js; ``.venv/pythons/3.x`` jwtmr alone, for every other Python that runs here. None of them is a dependency of
anything. What cannot be installed is left out, and the run names it and says why.

An environment is made again when what it was made from has changed, or when something had to be left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from crew import HERE, ROOT
from posts import MADE, NODE, PEERS, PYTHONS

RUNNERS: Final = HERE / "peers" / "node"
PYTHON_VERSIONS: Final = ("3.11", "3.12", "3.13", "3.14")
GROUPS: Final = ("peers", "plots")
WITHIN: Final = 300
"""Seconds for one installation."""

Failures = dict[str, str]
"""By what was left out: why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A folder, what it is made from, and how: the latter returns what had to be left out."""

    folder: Path
    made_from: str
    make: Callable[[], Failures]

    @property
    def fresh(self) -> bool:
        """Whether it is there, whole, and made from just that."""
        try:
            said = json.loads((self.folder / MADE).read_text("utf-8"))
        except (OSError, ValueError):
            return False
        return bool(said == {"from": self.made_from, "left_out": {}})

    def renew(self) -> None:
        """Make it, and note what from."""
        failures = self.make()
        said = {"from": self.made_from, "left_out": failures}
        (self.folder / MADE).write_text(json.dumps(said, indent=1), "utf-8")
        for name, reason in failures.items():
            print(f"left out: {name}: {reason}", flush=True)


def main() -> int:
    """Make what is not fresh, side by side: most of it is waiting for downloads."""
    stale = [environment for environment in _environments() if not environment.fresh]
    if stale:
        print("making the environments of the benchmark (the first time takes two minutes)", flush=True)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(Environment.renew, stale))
    for runner in RUNNERS.glob("*.mjs"):  # Node.js looks for packages from where a file is
        shutil.copy(runner, NODE)
    return 0


def _environments() -> Iterator[Environment]:
    told: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = [told["project"]["dependencies"], told["project"]["optional-dependencies"]]
    asked = [requirement for group in GROUPS for requirement in told["dependency-groups"][group]]
    yield Environment(PEERS, _hash(sys.version, needed, asked), lambda: _peers(asked))
    yield Environment(NODE, _hash((RUNNERS / "package-lock.json").read_text("utf-8")), _node)
    for python in _other_pythons():
        version = _version(python)
        yield Environment(PYTHONS / version, _hash(version, needed), _other(python, version))


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _peers(asked: list[str]) -> Failures:
    """All at once where that is possible; else one by one, without those that do not go with the others."""
    python = _made(PEERS, sys.executable)
    needed = ["--editable", f"{ROOT}[fastapi,flask]"]
    if not _pip(python, *needed, *asked):
        return {}
    reasons = {"jwtmr beside its peers": _pip(python, *needed)}
    reasons |= {requirement: _pip(python, requirement) for requirement in asked}
    return {name: reason for name, reason in reasons.items() if reason}


def _node() -> Failures:
    """What the lock file says. Scripts of packages do not run."""
    shutil.rmtree(NODE, ignore_errors=True)
    NODE.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(RUNNERS / name, NODE)
    npm = shutil.which("npm")
    if npm is None:
        return {"the libraries for Node.js": "npm is not installed"}
    reason = _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], NODE)
    return {"the libraries for Node.js": reason} if reason else {}


def _other(python: str, version: str) -> Callable[[], Failures]:
    def install() -> Failures:
        reason = _pip(_made(PYTHONS / version, python), "--editable", str(ROOT))
        return {f"Python {version}": reason} if reason else {}

    return install


def _other_pythons() -> Iterator[str]:
    """One of each version that runs here, but that of this process. A shim may be there and not run."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in PYTHON_VERSIONS:
        candidates = [shutil.which(f"python{version}"), *map(str, pyenv.glob(f"{version}*/bin/python{version}"))]
        found = [candidate for candidate in candidates if candidate and _version(candidate) == version]
        if version != own and found:
            yield found[0]


def _version(python: str) -> str:
    """Its version, or nothing where it cannot make an environment."""
    program = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    ran = subprocess.run([python, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    return ran.stdout.strip()


def _made(folder: Path, python: str) -> str:
    """Make an environment anew and return its Python."""
    subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True, timeout=WITHIN)
    return str(folder / "bin" / "python")


def _pip(python: str, *arguments: str) -> str:
    """Install, and return why that was not possible, or nothing."""
    return _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments], ROOT)


def _run(command: list[str], folder: Path) -> str:
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WITHIN, check=False)
    except subprocess.TimeoutExpired:
        return f"took more than {WITHIN} s"
    if ran.returncode == 0:
        return ""
    said = [line for line in ran.stderr.strip().splitlines() if line.strip() and not line.startswith("WARNING")]
    return said[-1] if said else f"ended with {ran.returncode}"


if __name__ == "__main__":
    sys.exit(main())
