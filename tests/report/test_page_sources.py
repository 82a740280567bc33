"""The built pages, that of the report and that of the service, and their sources belong together."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import crossgate

WEB = Path(__file__).resolve().parents[2] / "web"

FILES = (
    ".npmrc",
    "app.html",
    "index.html",
    "package-lock.json",
    "package.json",
    "tsconfig.json",
    "vite.config.ts",
)
FOLDERS = ("src", "tools")
LARGEST = 300 * 1024

if not WEB.is_dir():
    pytest.skip("the sources of the page are in a checkout alone", allow_module_level=True)


def hash_of_sources(root: Path) -> str:
    """As web/tools/sources.ts: path, zero byte, bytes, zero byte, in the order of the paths."""
    below = [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
    names = {*FILES, *(path.relative_to(root).as_posix() for path in below)}
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(name.encode() + b"\0" + (root / name).read_bytes() + b"\0")
    return digest.hexdigest()


PAGES = ("report/page/viewer.html", "serving/page/app.html")
of_both_pages = pytest.mark.parametrize("page", PAGES)


def built(page: str) -> str:
    return (Path(crossgate.__file__).parent / page).read_text(encoding="utf-8")


@of_both_pages
def test_the_built_page_is_that_of_the_sources(page: str) -> None:
    found = re.search(r'<meta name="crossgate-sources" content="([0-9a-f]{64})"', built(page))
    assert found is not None
    assert found[1] == hash_of_sources(WEB), "web/ has changed: run `make viewer`"


def test_a_changed_source_changes_the_hash(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "tools").mkdir()
    (tmp_path / "src" / "deep").mkdir(parents=True)
    source = tmp_path / "src" / "deep" / "a.ts"
    source.write_text("1", encoding="utf-8")
    before = hash_of_sources(tmp_path)
    source.write_text("2", encoding="utf-8")
    changed = hash_of_sources(tmp_path)
    source.rename(source.with_name("b.ts"))
    assert len({before, changed, hash_of_sources(tmp_path)}) == 3


@of_both_pages
def test_the_built_page_is_small(page: str) -> None:
    assert len(built(page).encode()) < LARGEST


def test_the_page_makes_no_markup_out_of_text() -> None:
    """Text goes into the page as text nodes; these are the ways around that."""
    ways = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function"
    )
    sources = [path for path in (WEB / "src").rglob("*.ts") if ways.search(path.read_text(encoding="utf-8"))]
    assert sources == []


def test_the_lock_file_names_packages_and_no_hosts() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"]
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
    assert not [name for name, entry in lock["packages"].items() if name and "integrity" not in entry]


@of_both_pages
def test_the_licences_of_what_is_in_the_page_go_along(page: str) -> None:
    bundled = set(json.loads((WEB / "package.json").read_text("utf-8"))["dependencies"])
    assert bundled
    comments = " ".join(re.findall(r"<!--(.*?)-->", built(page), re.DOTALL))
    assert all(name in comments for name in bundled)
    assert "Permission to use, copy, modify" in comments
