"""How lines and tables fit into narrow terminals."""

from __future__ import annotations

import pytest

from jwtmr.cli.output import Page


def test_a_long_url_breaks_behind_a_slash() -> None:
    """Its last part, which tells one from another, stays whole; what has no slash there breaks where it must."""
    page = Page(60, colours=False)
    page.line("https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab12Cd34")
    page.line("https://" + "a" * 60 + "/b")
    assert page.lines == [
        "https://issuer-cognito-idp.us-east-1.amazonaws.com/",
        "us-east-1_Ab12Cd34",
        "https://" + "a" * 52,
        "a" * 8 + "/b",
    ]


def test_a_table_breaks_between_words_first() -> None:
    """A cell of one word stays whole as long as another one has a place to break at."""
    page = Page(40, colours=False)
    page.table(["what", "host", "took"], [["the updated issuer", "127.0.0.1:41000", "5 ms"]])
    assert [line.split() for line in page.lines[1:]] == [["the", "updated", "127.0.0.1:41000", "5", "ms"], ["issuer"]]


@pytest.mark.parametrize("width", [40, 41, 57])
def test_a_table_is_never_wider_than_the_page(width: int) -> None:
    """However long words are, and however many columns there are."""
    page = Page(width, colours=False)
    page.table(["a", "b", "c"], [["x" * 100_000, "y y y", "z" * 30], ["1", "2" * 20, ""]])
    assert max(map(len, page.lines)) <= width
