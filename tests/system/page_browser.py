"""A user in front of a page: a program that reads one step a line as JSON from its input, and answers each with a line.

It runs with the Python that playwright is installed for, which has nothing else, and judges nothing. A control is
found by its accessible name, as somebody finds it who cannot see the page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from browser_kit import FLAGS, PATIENCE
from playwright.sync_api import Locator, Page, sync_playwright

WIDER = """() => [...document.querySelectorAll("body *")]
  .filter((it) => it.getBoundingClientRect().right > innerWidth + 0.5 && !it.closest("pre"))
  .map((it) => it.outerHTML.slice(0, 80))"""
"""What reaches over the right edge, but for what scrolls by itself."""

NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea")]
  .filter((it) => !(it.labels?.length || it.textContent.trim() || it.getAttribute("aria-label")))
  .map((it) => it.outerHTML.slice(0, 80))"""
"""Controls that nobody who cannot see them can tell apart."""

FAINT = r"""() => {
  const light = (rgb) => rgb.map((c) => c / 255).map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const behind = (it) => {
    for (; it; it = it.parentElement) {
      const found = numbers(getComputedStyle(it).backgroundColor);
      if (found[3] !== 0) return found;
    }
    return [255, 255, 255];
  };
  const written = (it) => [...it.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const ratio = (it) => {
    const [one, other] = [numbers(getComputedStyle(it).color), behind(it)].map((colour) => light(colour.slice(0, 3)));
    return (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
  };
  return [...document.querySelectorAll("body *")]
    .filter((it) => it.getClientRects().length && !it.disabled && written(it) && ratio(it) < 4.5)
    .map((it) => `${ratio(it).toFixed(2)} ${it.textContent.trim().slice(0, 40)}`);
}"""
"""Text with less contrast than WCAG 2 asks for (success criterion 1.4.3, level AA)."""

Report: TypeAlias = Any


def place(page: Page, within: str | None) -> Page | Locator:
    """A part of the page by its name, or all of it."""
    return page if within is None else page.get_by_role("region", name=within, exact=True)


def field(page: Page, name: str, within: str | None = None) -> Locator:
    """A list or a field by its name."""
    where = place(page, within)
    lists, fields = (where.get_by_role(role, name=name, exact=True) for role in ("combobox", "textbox"))
    return lists.or_(fields)


def click(page: Page, name: str, within: str | None = None) -> Report:
    """Click a button, and return what the page says once it has been obeyed."""
    with page.expect_response(lambda answer: "/orders/" in answer.url) as obeyed:
        place(page, within).get_by_role("button", name=name, exact=True).click()
    told = obeyed.value.json()
    said = told.get("says") or told["error"]
    page.get_by_role("status").filter(has_text=said).wait_for()
    return said


def press(page: Page, key: str) -> Report:
    """Press a key, and return the name of what has the focus then."""
    page.keyboard.press(key)
    return page.evaluate(
        "() => document.activeElement.name || document.activeElement.id || document.activeElement.textContent"
    )


def choose(page: Page, label: str, value: str, within: str | None = None) -> Report:
    """Choose from a list."""
    return field(page, label, within).select_option(value)


def fill(page: Page, label: str, text: str) -> Report:
    """Write into a field."""
    field(page, label).fill(text)


def value(page: Page, label: str) -> Report:
    """What stands in a field."""
    return field(page, label).input_value()


def enabled(page: Page, label: str) -> Report:
    """Whether a field can be used."""
    return field(page, label).is_enabled()


def shown(page: Page, selector: str, text: str = "") -> Report:
    """Wait until a part shows ``text``, and return all that it shows."""
    part = page.locator(selector).filter(has_text=text).first
    part.wait_for()
    return part.inner_text()


def copied(page: Page, name: str, within: str) -> Report:
    """Click a button that copies, and return what is in the clipboard."""
    page.evaluate("() => { document.querySelector('footer').textContent = ''; }")
    place(page, within).get_by_role("button", name=name, exact=True).click()
    page.locator("footer", has_text="copied").wait_for()
    return page.evaluate("() => navigator.clipboard.readText()")


def resize(page: Page, width: int, height: int, scheme: str = "light") -> Report:
    """Make the window that large; return what the page is wider by, and what of it cannot be seen or told apart."""
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    over = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    found = {
        name: page.evaluate(script) for name, script in (("wider", WIDER), ("nameless", NAMELESS), ("faint", FAINT))
    }
    return {"over": over, **found}


def screenshot(page: Page, path: str, longest: int) -> Report:
    """Take a picture of the page, in a window as high as it, or ``longest``: what is fixed stands at its end."""
    page.mouse.move(0, 0)
    page.evaluate("() => document.activeElement.blur()")
    height = page.evaluate("() => document.documentElement.scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": min(height, longest)})
    page.screenshot(path=path, animations="disabled")


def evaluate(page: Page, script: str) -> Report:
    """What a script says that is run in the page."""
    return page.evaluate(script)


STEPS: dict[str, Callable[..., Report]] = {
    step.__name__: step
    for step in (click, press, choose, fill, value, enabled, shown, copied, resize, screenshot, evaluate)
}


def tell(report: Report) -> None:
    """Answer the step."""
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Open the page that the first line names, and take the steps that follow, until there are no more."""
    told = json.loads(sys.stdin.readline())
    trouble: list[str] = []
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            told["profile"], executable_path=told["chromium"], args=FLAGS, viewport={"width": 1280, "height": 900},
            locale="en-US", permissions=["clipboard-read", "clipboard-write"],
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(told["url"])
        tell("open")
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            lists = {"trouble": trouble, "asked": asked}
            tell(lists[name] if name in lists else STEPS[name](page, *arguments))
        context.close()


if __name__ == "__main__":
    main()
