"""The blocks of ``docs/django.md`` as a project on disk, and that project as it is served, in a process of its own.

A process, because Django is configured once per interpreter and for good.
"""

from __future__ import annotations

import json
import os
import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

HERE: Final = Path(__file__).resolve().parent
PAGE: Final = (HERE.parents[1] / "docs" / "django.md").read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
WITHIN: Final = 30.0
"""Seconds that the process has to start, to answer, and to end."""
SETTINGS: Final = """
SECRET_KEY = "of no use"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "django_routes"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "static/"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"all": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["all"], "level": "DEBUG"},
}
"""
"""As ``startproject`` writes them, without a database, and with every line of every log on standard error."""


def file_of(block: str) -> str:
    """The file that a block names in its first line."""
    named = re.match(r"# (shop/[a-z]+\.py)\n", block)
    assert named, f"names no file: {block[:60]!r}"
    return named[1]


def write_project(folder: Path) -> None:
    """Write every block where it belongs, unchanged; settings follow those of the project."""
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "settings.py").write_text(SETTINGS)
    for block in BLOCKS:
        with (folder / file_of(block)).open("a", encoding="utf-8") as file:
            file.write(block)


def environment(folder: Path) -> dict[str, str]:
    """One in which the project and the modules beside this one are found."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(HERE), str(HERE.parent)])}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said."""

    status: int
    headers: dict[str, list[str]]
    """All values by name in lower case."""
    raw: bytes

    @property
    def content(self) -> Any:  # noqa: ANN401 - as JSON has it
        """The body as JSON."""
        return json.loads(self.raw.partition(b"\r\n\r\n")[2])

    def values(self, name: str) -> list[str]:
        """All values of one header."""
        return self.headers.get(name, [])


@dataclass(slots=True)
class Site:
    """The project behind waitress and behind uvicorn."""

    process: subprocess.Popen[str]
    log: Path
    ports: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    fetched: int = 0
    """How often keys had been asked for before anybody asked the site."""
    using: str = "warm"
    http: httpx.Client = field(default_factory=httpx.Client)
    """For requests that any client sends so."""

    def hear(self) -> dict[str, Any]:
        """The next line of the process."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], WITHIN)
        line = self.process.stdout.readline() if ready else ""
        assert line, self.log.read_text(errors="replace")[-4000:]
        heard: dict[str, Any] = json.loads(line)
        return heard

    def tell(self, **order: object) -> None:
        """Let the process do something, and wait until it is done."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        assert self.hear() == {}

    def use(self, validator: str) -> None:
        """Let the project use the validator of that name."""
        if validator != self.using:
            self.tell(use=validator)
            self.using = validator

    def send(
        self, path: str, token: str | None = None, *, method: str = "GET", server: str = "wsgi", accept: str = "*/*"
    ) -> httpx.Response:
        """One request, as a client library sends it, with the token of that name."""
        headers = {"Accept": accept} | ({"Authorization": f"Bearer {self.tokens[token]}"} if token else {})
        return self.http.request(method, f"http://127.0.0.1:{self.ports[server]}{path}", headers=headers)

    def fill_in(self, text: str) -> str:
        """``text`` with the tokens that it names."""
        for name, token in self.tokens.items():
            text = text.replace(f"{{{name}}}", token)
        return text

    def ask(self, server: str, path: str, lines: Sequence[str] = (), method: str = "GET") -> Reply:
        """One request with exactly these header lines, over a bare socket: no client tidies it up."""
        head = [f"{method} {path} HTTP/1.1", "Host: app.test", "Connection: close", *map(self.fill_in, lines), "", ""]
        received = b""
        with socket.create_connection(("127.0.0.1", self.ports[server]), timeout=WITHIN) as connection:
            connection.sendall("\r\n".join(head).encode("latin-1"))
            while chunk := connection.recv(65536):
                received += chunk
        first, *rest = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        headers: dict[str, list[str]] = {}
        for name, _, value in (line.partition(":") for line in rest):
            headers.setdefault(name.lower(), []).append(value.strip())
        return Reply(int(first.split()[1]), headers, received)


@contextmanager
def serving(folder: Path) -> Iterator[Site]:
    """Write the project and serve it."""
    write_project(folder)
    log = folder / "log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-W", "error", str(HERE / "django_server.py")], cwd=folder, env=environment(folder),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
        ) as process,
    ):  # fmt: skip
        try:
            site = Site(process, log)
            hello = site.hear()
            site.ports, site.tokens, site.fetched = hello["ports"], hello["tokens"], hello["fetched"]
            with site.http:
                yield site
            process.communicate(timeout=WITHIN)  # closes its standard input, at which it ends
            assert process.returncode == 0, log.read_text(errors="replace")[-4000:]
        finally:
            process.kill()
