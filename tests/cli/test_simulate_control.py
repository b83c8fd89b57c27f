"""The control server against a hostile page in the browser of whoever develops."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
from collections.abc import Generator
from html.parser import HTMLParser
from importlib.resources import files

import httpx
import pytest
from simulated import Simulated, simulated

from jwtmr.cli.simulate.control import MAX_ORDER

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def world() -> Generator[Simulated, None, None]:
    """A simulator that nobody who asks here may change."""
    with simulated() as running:
        yield running


def port(world: Simulated) -> str:
    """The port of the control server."""
    return world.control.rpartition(":")[2]


HOSTILE = [
    pytest.param("POST /orders/switch", {"Host": "evil.example"}, "{}", 403, id="a name that was pointed here"),
    pytest.param("POST /orders/switch", {"Host": "127.0.0.1"}, "{}", 403, id="no port"),
    pytest.param("GET /state", {"Host": "evil.example:{port}"}, "", 403, id="the state under another name"),
    pytest.param("GET /", {"Host": "127.0.0.1.evil.example:{port}"}, "", 403, id="a name that begins like ours"),
    pytest.param("POST /orders/switch", {"Origin": "https://evil.example"}, "{}", 403, id="another origin"),
    pytest.param("POST /orders/switch", {"Origin": "null"}, "{}", 403, id="a sandbox"),
    pytest.param("POST /orders/switch", {"Origin": "http://127.0.0.1:1"}, "{}", 403, id="another port"),
    pytest.param("POST /orders/switch", {"Origin": "https://127.0.0.1:{port}"}, "{}", 403, id="another scheme"),
    pytest.param("POST /orders/switch", {"Origin": "http://localhost:{port}"}, "{}", 403, id="our other name"),
    pytest.param("POST /orders/switch", {"Sec-Fetch-Site": "cross-site"}, "{}", 403, id="from another site"),
    pytest.param("POST /orders/switch", {"Sec-Fetch-Site": "same-site"}, "{}", 403, id="from another port here"),
    pytest.param("GET /state", {"Sec-Fetch-Site": "cross-site"}, "", 403, id="the state for another site"),
    pytest.param("POST /orders/switch", {"Content-Type": "text/plain"}, "{}", 415, id="what a form can send"),
    pytest.param("POST /orders/switch", {"Content-Type": ""}, "{}", 415, id="no content type"),
    pytest.param("POST /orders/switch", {"Content-Type": "application/x-www-form-urlencoded"}, "x=1", 415, id="a form"),
    pytest.param("GET /orders/switch", {}, "", 405, id="an order by GET"),
    pytest.param("GET /orders/switch?to=updated", {}, "", 405, id="an order by a link"),
    pytest.param("HEAD /orders/switch", {}, "", 405, id="an order by HEAD"),
    pytest.param("PUT /orders/switch", {}, "{}", 405, id="an order by PUT"),
    pytest.param("OPTIONS /orders/switch", {"Origin": "https://evil.example"}, "", 403, id="a preflight"),
    pytest.param("OPTIONS /orders/switch", {}, "", 405, id="a preflight without an origin"),
    pytest.param("POST /state", {}, "{}", 405, id="the state by POST"),
    pytest.param("POST /", {}, "{}", 405, id="the page by POST"),
    pytest.param("GET /states", {}, "", 404, id="another path"),
    pytest.param("GET /state?x=1", {}, "", 404, id="a query"),
    pytest.param("POST /orders/switch/x", {}, "{}", 400, id="an order that is a path"),
    pytest.param("POST /orders/switch", {}, "[]", 400, id="no object"),
    pytest.param("POST /orders/switch", {}, "", 400, id="no body"),
    pytest.param("POST /orders/switch", {}, '{"to":"updated","to":"original"}', 400, id="a repeated name"),
    pytest.param("POST /orders/switch", {}, '{"to":NaN}', 400, id="no JSON"),
    pytest.param("POST /orders/switch", {}, " " * (MAX_ORDER + 1), 413, id="a large body"),
]


@pytest.mark.parametrize(("line", "headers", "body", "status"), HOSTILE)
def test_hostile_requests_change_nothing(
    world: Simulated, line: str, headers: dict[str, str], body: str, status: int
) -> None:
    """Whatever another page can have a browser send is refused, and changes nothing; no other origin gets leave."""
    method, path = line.split(" ")
    usual = {"Content-Type": "application/json"} if method == "POST" else {}
    told = {name: value.replace("{port}", port(world)) for name, value in {**usual, **headers}.items()}
    answer = world.client.request(method, path, headers=told, content=body)
    assert answer.status_code == status, answer.text
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert "eyJ" not in answer.text
    assert world.state()["switched_to"] == "original"


def raw(world: Simulated, request: bytes) -> bytes:
    """Send these bytes, and return the answer up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", int(port(world))), timeout=5) as connection:
        connection.sendall(request)
        came = b""
        while more := connection.recv(65536):
            came += more
    return came


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Connection: close\r\n", b"403"),
        (b"Host: evil.example\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n", b"403"),
        (b"Host: 127.0.0.1:%d\r\nContent-Length: 99999999999\r\n", b"400"),
        (b"Host: 127.0.0.1:%d\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n", b"400"),
    ],
    ids=["no Host", "two of them", "a huge body", "chunks"],
)
def test_hostile_bytes_change_nothing(world: Simulated, head: bytes, status: bytes) -> None:
    """The same of what no browser sends."""
    head = head.replace(b"%d", port(world).encode())
    came = raw(
        world,
        b"POST /orders/switch HTTP/1.1\r\nContent-Type: application/json\r\n" + head + b"\r\n2\r\n{}\r\n0\r\n\r\n",
    )
    assert came.split(b" ")[1] == status
    assert world.state()["switched_to"] == "original"


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:{port}", "http://localhost:{port}"])
def test_the_page_itself_may_ask(world: Simulated, origin: str | None) -> None:
    """Under either name of this machine, from the same origin or from no browser."""
    headers = {**JSON}
    if origin is not None:
        headers["Origin"] = origin.replace("{port}", port(world))
        headers["Host"] = headers["Origin"].removeprefix("http://")
        headers["Sec-Fetch-Site"] = "same-origin"
    assert world.client.post("/orders/heal", headers=headers, content="{}").status_code == 200


def test_a_link_may_lead_to_the_page(world: Simulated) -> None:
    """Somebody may follow one from another site, which learns nothing by it."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert world.client.get("/", headers=headers).status_code == 200
    assert world.client.get("/state", headers=headers).status_code == 403


def test_every_answer_is_sealed(world: Simulated) -> None:
    """Nothing is kept, guessed, framed or handed to another origin, errors included."""
    answers = [world.client.get(path) for path in ("/", "/state", "/nothing")] + [world.post("heal"), world.post("x")]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


class Parts(HTMLParser):
    """Collects what a page would load, and its script and style."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.inside: dict[str, str] = {}
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at the attributes."""
        self._tag = tag
        for name, value in attrs:
            if name in ("src", "href", "action", "data", "srcset"):
                self.loads.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        """Keep script and style."""
        if self._tag in ("script", "style"):
            self.inside[self._tag] = self.inside.get(self._tag, "") + data

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        """What follows is in no script."""
        self._tag = ""


def test_the_page_holds_all_that_it_needs(world: Simulated) -> None:
    """It loads nothing but an icon out of itself, and the policy allows its script and its style by their hashes."""
    answer = world.client.get("/")
    parts = Parts()
    parts.feed(answer.text)
    policy = answer.headers["content-security-policy"]
    assert [re.match("[^,]*", url)[0] for url in parts.loads] == ["data:image/svg+xml"]  # type: ignore[index]
    assert parts.handlers == []
    for tag in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(parts.inside[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_text_goes_in_as_text() -> None:
    """The script has no way to make markup of what it is told."""
    script = files("jwtmr.cli.simulate").joinpath("page.js").read_text("utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|setAttribute\(\"on", script
    )


def test_the_state_is_one_document(world: Simulated) -> None:
    """It names its schema, all hosts and keys, and holds no token and no private key."""
    text = world.client.get("/state").text
    state = json.loads(text)
    assert state["schema"] == "jwtmr.simulate.state/1"
    assert [(host["region"], host["form"], host["asked"]) for host in state["hosts"]] == [
        ("us-east-1", "updated", True),
        ("us-east-1", "original", True),
        ("us-west-2", "updated", False),
        ("us-west-2", "original", True),
    ]
    assert [len(key["thumbprint"]) for key in state["keys"]] == [43, 43]
    assert "eyJ" not in text
    assert '"d"' not in text


def test_it_listens_on_loopback_alone(world: Simulated) -> None:
    """Another address of this machine finds nobody, where there is one."""
    assert httpx.URL(world.control).host == "127.0.0.1"
