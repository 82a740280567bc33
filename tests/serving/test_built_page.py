"""The page that the service is used with: one file that asks nobody but the service it came from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import crossgate
from parsed_page import Page, digest

FILE = Path(crossgate.__file__).parent / "serving" / "page" / "app.html"


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(FILE.read_text(encoding="utf-8"))


def test_the_page_loads_nothing_from_elsewhere(page: Page) -> None:
    linked = [
        url for _, attributes in page.elements for name in ("src", "href") if (url := attributes.get(name))
    ]
    assert [url for url in linked if not url.startswith("data:")] == []
    assert {tag for tag, _ in page.elements} <= {
        "html", "head", "meta", "link", "title", "style", "body", "noscript", "div", "script"
    }  # fmt: skip
    assert "@import" not in page.text("style")
    assert not re.search(r"url\((?!['\"]?data:)", page.text("style"))


def test_only_the_page_itself_may_run_and_only_its_service_be_asked(page: Page) -> None:
    rules = page.policy
    assert len(page.all("script")) == 1
    assert rules == {
        "default-src": "'none'",
        "script-src": f"{digest(page.text('script'))} blob:",  # the module that listens to the microphone
        "style-src": digest(page.text("style")),
        "connect-src": "'self'",
        "media-src": "'self' blob:",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_token_is_kept_in_the_tab_alone(page: Page) -> None:
    script = page.text("script")
    assert "sessionStorage" in script
    assert not re.search(r"localStorage|document\.cookie|indexedDB", script)


def test_the_page_names_no_host(page: Page) -> None:
    hosts = set(re.findall(r"https?://[^\s\"'`<>)]+", page.text("script") + page.text("style")))
    assert hosts <= {"http://www.w3.org/2000/svg"}
