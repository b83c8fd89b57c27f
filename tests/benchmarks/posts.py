"""Who is measured: jwtmr by themes, jwtmr under other Pythons, and the peers in environments of their own."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from crew import ROOT, Post

VENV: Final = ROOT / ".venv"
PEERS: Final = VENV / "peers"
NODE: Final = VENV / "peers-node"
PYTHONS: Final = VENV / "pythons"
MADE: Final = "made.json"
"""In each of these: what it was made from, and what had to be left out."""

THEMES: Final = ("validation", "cache", "adapters", "growth", "refusals", "serving", "footprint", "memory")
BESIDE: Final = ("pythons", "peers")
"""What needs environments of its own: the first theme under other Pythons, and everybody else."""
QUICK: Final = ("validation", "cache", "adapters", "growth", "refusals")
"""Themes that take a few seconds."""
PAIRS: Final = {"memory": 3}
"""Of themes whose pairs take seconds each."""

PYTHON_PEERS: Final = (
    "peer_jwtmr",
    "peer_pyjwt",
    "peer_joserfc",
    "peer_powertools",
    "peer_jwtmr_fastapi",
    "peer_jwtmr_entra",
    "peer_fastapi_cognito",
    "peer_fastapi_azure_auth",
    "peer_jwtmr_flask",
    "peer_flask_cognito_lib",
)
NODE_PEERS: Final = ("peer_aws_jwt_verify", "peer_jose", "peer_fast_jwt")


def own(themes: Sequence[str]) -> list[Post]:
    """Jwtmr under this Python, and serving also with the faster parser and loop that the peers' environment has."""
    posts = [replace(Post.of(f"subjects_{theme}", name=theme), pairs=PAIRS.get(theme)) for theme in themes]
    if "serving" in themes and _python(PEERS).exists():
        posts.append(Post.of("subjects_serving", python=str(_python(PEERS)), name="serving, fast"))
    return posts


def other_pythons() -> list[Post]:
    """Jwtmr under every other Python that has an environment."""
    return [
        Post.of("subjects_validation", python=str(_python(path)), name=f"validation, Python {path.name}")
        for path in sorted(PYTHONS.glob("3.*"))
        if _python(path).exists()
    ]


def peers(case: Path, environment: Mapping[str, str]) -> list[Post]:
    """All of them, whether they can be had or not: who cannot says why."""
    python = str(_python(PEERS)) if _python(PEERS).exists() else sys.executable
    node = shutil.which("node") or "node"
    posts = [Post.of(module, str(case), python=python) for module in PYTHON_PEERS]
    posts += [Post(module, [node, str(NODE / f"{module}.mjs"), str(case)]) for module in NODE_PEERS]
    return [replace(post, name=post.name.removeprefix("peer_"), environment=environment) for post in posts]


def not_installed() -> dict[str, str]:
    """What the environments had to leave out, and why."""
    found: dict[str, str] = {}
    for folder in (PEERS, NODE, *sorted(PYTHONS.glob("3.*"))):
        if (folder / MADE).exists():
            found |= json.loads((folder / MADE).read_text("utf-8"))["left_out"]
    return found


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"
