"""The control page: one document, put together from markup, style and script, which lie beside this file."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from jwtmr.cli.simulate.words import FAULTS, ISSUERS, KINDS, OUTAGES, SETTINGS


@dataclass(frozen=True, slots=True)
class Page:
    """A document and the policy that it is served with."""

    html: bytes
    policy: str
    """``Content-Security-Policy``: this script, this style, this server, and nothing else (CSP Level 3)."""


def _page() -> Page:
    style, script = _part("page.css"), _part("page.js")
    words = {"outages": OUTAGES, "faults": FAULTS, "kinds": KINDS, "issuers": ISSUERS, "settings": SETTINGS}
    script = script.replace('"WORDS"', json.dumps(words))
    html = _part("page.html").replace("/* STYLE */", style).replace("/* SCRIPT */", script)
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Page(html.encode(), policy)


def _part(name: str) -> str:
    return files("jwtmr.cli.simulate").joinpath(name).read_text("utf-8")


def _hash(content: str) -> str:
    """How the policy names what stands between two tags, each blank of it included."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


PAGE: Final = _page()
