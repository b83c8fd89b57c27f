"""The control page of ``jwtmr simulate`` in a real browser: what its buttons do, judged by a validator.

``JWTMR_SCREENSHOTS=docs/images make test-system ARGS=tests/system/test_simulate_page.py`` takes the pictures of the
documentation.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tomllib
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from jwtmr import AuthError, TokenValidator
from jwtmr.cli.simulate.control import Control
from jwtmr.cli.simulate.simulator import Simulator
from jwtmr.cli.simulate.words import FAULTS, KINDS, OUTAGES
from jwtmr.testing import validator_for

pytestmark = [pytest.mark.system("chromium", "playwright"), pytest.mark.slow]

BROWSER = Path(__file__).with_name("page_browser.py")

PRIMARY, REPLICA = "us-east-1", "us-west-2"

WELL: dict[str, object] = {"over": 0, "wider": [], "nameless": [], "faint": []}

SIZES = [(1280, 900, "light"), (1280, 900, "dark"), (768, 900, "light"), (400, 800, "light"), (400, 800, "dark")]


class Browser:
    """A user in front of the page, who takes one step at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, name: str, *arguments: object) -> Any:  # noqa: ANN401 - what JSON holds
        """Take the step and return what came of it."""
        assert self._process.stdin is not None
        self.say([name, *arguments])
        return self.heard()

    def say(self, told: object) -> None:
        """Write one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()

    def heard(self) -> Any:  # noqa: ANN401 - what JSON holds
        """Read one line; a browser that gave up has said why on stderr, which pytest shows."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the browser gave up"
        return json.loads(line)


@dataclass(frozen=True)
class Scene:
    """The simulator, the browser in front of it, and where both are."""

    simulator: Simulator
    control: Control
    browser: Browser

    def state_of(self, region: str, form: str) -> str:
        """What the simulator says of a host."""
        (host,) = (it for it in self.simulator.issuer.endpoints if (it.region, it.form) == (region, form))
        return self.simulator.outage_at(host) or ", ".join(self.simulator.faults_at(host)) or "up"


@pytest.fixture(scope="module")
def scene(needs: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene, None, None]:
    """One simulator and one browser for all tests of this file; each leaves the hosts healed."""
    told = {"profile": str(tmp_path_factory.mktemp("profile")), "chromium": needs("chromium")}
    command = [Path(needs("playwright")).resolve().with_name("python"), BROWSER]
    with (
        Simulator([PRIMARY, REPLICA], user_pool_id=f"{PRIMARY}_Ab12Cd34X", client_id="1example23456789") as simulator,
        Control(simulator) as control,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
    ):
        browser = Browser(process)
        try:
            browser.say({**told, "url": control.url})
            assert browser.heard() == "open"
            yield Scene(simulator, control, browser)
        finally:
            process.communicate(timeout=30)  # the end of its input ends it


@pytest.fixture
def browser(scene: Scene) -> Generator[Browser, None, None]:
    """The browser, in front of a pool that is well and on its original issuer."""
    scene.simulator.heal()
    scene.simulator.switch("original")
    scene.browser("shown", "#switched-to", "original")
    yield scene.browser
    assert scene.browser("trouble") == []


@pytest.fixture
def validator(scene: Scene) -> Generator[TokenValidator, None, None]:
    """A service in the middle of its migration."""
    ends = datetime.now(UTC) + timedelta(days=1)
    with closing(validator_for(scene.simulator.issuer, accept_legacy_until=ends)) as service:
        yield service


def verdict(validator: TokenValidator, token: str) -> str:
    """The kind of the issuer, or the code of the refusal."""
    try:
        return validator.validate(token).issuer_kind
    except AuthError as error:
        return error.code


def minted(browser: Browser, kind: str = "access") -> str:
    """Mint a token on the page, and return what the page shows."""
    browser("choose", "Kind", kind)
    assert browser("click", "Mint") == f"minted {KINDS[kind]}"
    return str(browser("value", "Token"))


def test_the_switch(scene: Scene, browser: Browser, validator: TokenValidator) -> None:
    """The button switches the pool, says to what, and switches it back."""
    before = minted(browser)
    browser("click", "Switch to updated")
    after = minted(browser)
    assert "UPDATED" in browser("shown", "#switch", "Switch back to original")
    assert (verdict(validator, before), verdict(validator, after)) == ("legacy", "current")
    browser("click", "Switch back to original")
    assert (scene.simulator.switched, verdict(validator, minted(browser))) == ("original", "legacy")


def test_rotation(scene: Scene, browser: Browser, validator: TokenValidator) -> None:
    """The buttons rotate, withdraw one key, and drop the old ones; the list shows which sign."""
    old, kid = scene.simulator.issuer.access_token(), scene.simulator.issuer.access_kid
    browser("click", "Rotate")
    assert browser("shown", "#keys").count("published, signs nothing") >= 2
    browser("click", f"Withdraw the key {kid}")
    assert kid not in browser("shown", "#keys", "signs access tokens")
    assert [verdict(validator, token) for token in (old, minted(browser))] == ["unknown_key", "legacy"]
    browser("click", "Rotate and drop the old keys")
    assert browser("shown", "#keys").count("published, signs nothing") == 0


START = "() => { const it = document.body; it.tabIndex = -1; it.focus(); it.removeAttribute('tabindex'); }"
"""Puts the reader to the beginning of the page."""

TOKENS = {
    "access": "legacy",
    "id": "legacy",
    "machine": "legacy",
    "forged": "invalid_signature",
    "foreign": "untrusted_issuer",
}


def test_minting(browser: Browser, validator: TokenValidator) -> None:
    """Each kind is what it says, and what a kind cannot have cannot be filled in."""
    assert {kind: verdict(validator, minted(browser, kind)) for kind in KINDS} == TOKENS
    fields = ("Issuer", "Groups", "Scopes", "User name", "Lifetime")
    enabled: dict[str, list[bool]] = {}
    for kind in ("access", "machine", "foreign"):
        browser("choose", "Kind", kind)
        enabled[kind] = [browser("enabled", field) for field in fields]
    assert enabled == {
        "access": [True] * 5,
        "machine": [True, False, True, False, True],
        "foreign": [False] * 5,
    }


def test_a_token_with_everything(browser: Browser, validator: TokenValidator) -> None:
    """What is filled in is in the token, and the token gets into the clipboard."""
    browser("choose", "Kind", "access")
    for field, text in (("Groups", "admins, staff"), ("Scopes", "orders/read"), ("User name", "bob")):
        browser("fill", field, text)
    browser("choose", "Issuer", "updated")
    browser("choose", "Lifetime", "300")
    token = minted(browser)
    for field in ("Groups", "Scopes", "User name"):
        browser("fill", field, "")
    browser("choose", "Issuer", "now")
    principal = validator.validate(token)
    assert (principal.username, principal.groups, principal.scopes) == ("bob", {"admins", "staff"}, {"orders/read"})
    assert (principal.issuer_kind, principal.claims["exp"] - principal.claims["iat"]) == ("current", 300)
    assert browser("copied", "Copy", "Mint a token") == token
    browser("choose", "Lifetime", "-60")
    assert verdict(validator, minted(browser)) == "expired"
    browser("choose", "Lifetime", "3600")


def test_outages(scene: Scene, browser: Browser, validator: TokenValidator) -> None:
    """Each way to be down is one choice and one button; the service goes on with the other region, and heals."""
    for way, says in OUTAGES.items():
        browser("choose", "What", way, PRIMARY)
        assert browser("click", "Put in force", PRIMARY) == f"{PRIMARY}, both hosts: {says}"
        assert {scene.state_of(PRIMARY, form) for form in ("updated", "original")} == {way}
        assert f"{way}: {says}" in browser("shown", f"[aria-label={PRIMARY}] .hosts", "down")
        browser("click", "Heal", PRIMARY)
        assert scene.state_of(PRIMARY, "original") == "up"
    browser("choose", "What", "refuse", PRIMARY)
    browser("click", "Put in force", PRIMARY)
    assert verdict(validator, minted(browser)) == "legacy"


def test_faults(scene: Scene, browser: Browser) -> None:
    """Each fault can be put in force at one host alone; they add up, and one button ends them all."""
    browser("choose", "Where", "original", REPLICA)
    for name, says in FAULTS.items():
        browser("choose", "What", name, REPLICA)
        assert browser("click", "Put in force", REPLICA) == f"{REPLICA}, original host: {says}"
    assert (scene.state_of(REPLICA, "original"), scene.state_of(REPLICA, "updated")) == (
        ", ".join(sorted(FAULTS)),
        "up",
    )
    assert browser("click", "Heal everything") == "every region, both hosts: up and without faults"
    assert scene.state_of(REPLICA, "original") == "up"
    browser("choose", "Where", "", REPLICA)


def test_requests(scene: Scene, browser: Browser, validator: TokenValidator) -> None:
    """Who asked which host, and what became of it, comes by itself."""
    browser("choose", "What", "busy-503", REPLICA)
    browser("click", "Put in force", REPLICA)
    verdict(validator, scene.simulator.issuer.access_token())
    rows = browser("shown", "#requests", "busy-503").splitlines()
    assert any(f"{PRIMARY} updated" in row and "403" in row for row in rows)
    assert any(f"{REPLICA} original" in row and "busy-503" in row for row in rows)


def test_what_strangers_ask_for_is_text(scene: Scene, browser: Browser) -> None:
    """Markup in the path of a request is shown as it came, and makes nothing of the page."""
    host, port = urlsplit(scene.simulator.issuer.jwks_uris[1]).netloc.split(":")
    path = "/<img/src=x/onerror=document.title=1>"
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 404")
    assert f"GET {path}" in browser("shown", "#requests", "onerror")
    assert browser("evaluate", "() => [document.images.length, document.title]") == [0, "jwtmr simulate"]


def test_settings(scene: Scene, browser: Browser) -> None:
    """They can be copied as they stand, in each form."""
    copied = browser("copied", "Copy", "Settings for your service")
    assert tomllib.loads(copied)["cognito_user_pool"]["jwks_uris"] == scene.simulator.issuer.jwks_uris
    browser("choose", "Written as", "env")
    assert "export JWTMR_USER_POOL_ID=" in browser("shown", "#settings", "export")
    browser("choose", "Written as", "toml")


def test_keyboard(browser: Browser) -> None:
    """Everything can be reached with the tab key, in the order in which it is read."""
    browser("evaluate", START)
    order = [browser("press", "Tab") for _ in range(5)]
    assert order == ["switch-button", "heal-all", "form", "what", "Put in force"]


def test_nobody_else_is_asked(scene: Scene, browser: Browser) -> None:
    """Every request of the page went to the simulator."""
    assert [url for url in browser("asked") if not url.startswith((f"{scene.control.url}/", "data:"))] == []


@pytest.mark.parametrize(("width", "height", "scheme"), SIZES)
def test_it_fits(browser: Browser, scene: Scene, width: int, height: int, scheme: str) -> None:
    """At no width does anything reach over the edge, all controls have names, and all text has contrast enough."""
    scene.simulator.begin_fault("many-headers")
    scene.simulator.take_down(PRIMARY, "accept_silent", "original")
    browser("shown", "#regions", "many-headers")
    try:
        assert browser("resize", width, height, scheme) == WELL
    finally:
        browser("resize", 1280, 900, "light")


@pytest.mark.skipif("JWTMR_SCREENSHOTS" not in os.environ, reason="no pictures are wanted")
def test_pictures(scene: Scene, browser: Browser, validator: TokenValidator) -> None:
    """A migration with trouble, wide and narrow."""
    directory = Path(os.environ["JWTMR_SCREENSHOTS"]).resolve()
    browser("click", "Rotate and drop the old keys")
    scene.simulator.issuer.forget_requests()
    verdict(validator, scene.simulator.issuer.access_token())
    browser("click", "Switch to updated")
    browser("choose", "What", "accept_silent", PRIMARY)
    browser("click", "Put in force", PRIMARY)
    browser("choose", "Where", "original", REPLICA)
    browser("choose", "What", "busy-503", REPLICA)
    browser("click", "Put in force", REPLICA)
    browser("click", "Rotate")
    verdict(validator, scene.simulator.issuer.access_token())
    browser("fill", "Groups", "admins, staff")
    minted(browser)
    browser("shown", "#requests", "busy-503")
    for width, longest in ((1280, 2000), (400, 1500)):
        browser("resize", width, 900, "light")
        browser("screenshot", str(directory / f"simulate-{width}.png"), longest)


def test_the_end(scene: Scene) -> None:
    """A simulator that does not answer is said to, in words and by more than a colour. Nothing can follow this."""
    scene.control.__exit__()
    assert scene.browser("shown", "#link", "not answering") == "not answering"
    assert scene.browser("shown", "#said", "Was it stopped?")
