"""A user in front of Swagger UI: a program that reads what to do as JSON from its input and prints what was seen.

It runs with the Python that playwright is installed for, which has nothing else, and judges nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from browser_kit import FLAGS, PATIENCE
from playwright.sync_api import BrowserContext, Page, Request, sync_playwright

Report: TypeAlias = dict[str, Any]


def authorize(page: Page) -> Report:
    """Open *Authorize*, tick every scope, sign in in the window that opens, and return what the dialogue says."""
    page.locator(".auth-wrapper > .authorize").click()
    dialogue = page.locator(".dialog-ux .modal-ux")
    dialogue.locator(".scopes a", has_text="select all").click()
    with page.expect_popup() as opened:
        dialogue.locator("button.modal-btn.authorize").click()
    if not opened.value.is_closed():
        opened.value.wait_for_event("close")
    dialogue.locator(".errors, button:has-text('Logout')").first.wait_for()
    return {"shown": dialogue.inner_text()}


def close(page: Page) -> Report:
    """Close the dialogue."""
    page.locator(".dialog-ux .modal-ux .btn-done").click()
    return {}


def logout(page: Page) -> Report:
    """Open *Authorize* and log out."""
    page.locator(".auth-wrapper > .authorize").click()
    page.locator(".dialog-ux .modal-ux button", has_text="Logout").click()
    return close(page)


def call(page: Page, method: str, path: str) -> Report:
    """Execute an operation, and return the answer as it came and as the page shows it."""
    block = page.locator(f".opblock-{method.lower()}", has=page.locator(f'[data-path="{path}"]'))
    if not block.locator(".opblock-body").count():
        block.locator(".opblock-summary-control").click()
        block.locator(".try-out__btn").click()
    with page.expect_response(lambda answer: answer.url.endswith(path) and answer.request.method == method) as came:
        block.locator("button.execute").click()
    answer = came.value
    live = block.locator(".live-responses-table")
    live.locator(".response-col_status", has_text=str(answer.status)).first.wait_for()
    return {"status": answer.status, "headers": answer.headers, "body": answer.json(), "shown": live.inner_text()}


def screenshot(page: Page, path: str) -> Report:
    """Take a picture of what is in the window."""
    page.screenshot(path=path, animations="disabled")
    return {}


STEPS: dict[str, Callable[..., Report]] = {step.__name__: step for step in (authorize, close, logout, call, screenshot)}


def tell(request: Request) -> Report:
    """What the page sent."""
    return {"method": request.method, "url": request.url, "headers": request.headers, "body": request.post_data}


def visit(context: BrowserContext, url: str, steps: list[list[str]]) -> Report:
    """Open ``url`` in a new window, take the steps, and return what each showed and all that was sent meanwhile."""
    sent: list[Request] = []
    context.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - playwright marks what it calls
    page = context.new_page()
    page.goto(url)
    page.locator(".opblock").first.wait_for()
    seen = [STEPS[name](page, *arguments) for name, *arguments in steps]
    return {"steps": seen, "requests": [tell(request) for request in sent]}


def main() -> None:
    """Do what the input says in a browser of its own."""
    told = json.load(sys.stdin)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            told["profile"],
            executable_path=told["chromium"],
            args=FLAGS,
            viewport={"width": 1000, "height": 1180},
            color_scheme="light",
            locale="en-US",
        )
        context.set_default_timeout(PATIENCE)
        json.dump(visit(context, told["url"], told["steps"]), sys.stdout)
        context.close()


if __name__ == "__main__":
    main()
