"""The page: one file that loads nothing, in which nothing that was said becomes markup."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_results import toy_result

from crossgate.errors import InputError
from crossgate.report.colours import colours, letters
from crossgate.report.page import fill, page_html
from crossgate.report.result import Result
from crossgate.report.summary import summarize
from parsed_page import Page, digest

NASTY = "</script><script>alert(1)</script><!-- --> \u2028\u2029 &lt; <img src=x onerror=alert(1)>"


def content_of(result: Result) -> dict[str, Any]:
    return result.to_json() | {"summary": summarize(result).to_json()}


RESULTS = {
    "short": toy_result(8),
    "long": toy_result(120, ("Ann", "Ben", "Cy", "Di", "Eve")),
    "no times": toy_result(5, kind="text", timed=False),
    "nothing there": toy_result(4, gaps=1.0),
    "odd": toy_result(12, odd=True, overlapping=True),
    "no turns": toy_result(0),
    "no texts": toy_result(4, texts=False, kind="audio"),
}


@pytest.mark.parametrize("name", RESULTS)
def test_the_page_holds_the_result_and_loads_nothing(name: str) -> None:
    content = content_of(RESULTS[name])
    page = Page(page_html(content))
    assert page.data["result"] == json.loads(json.dumps(content))
    assert page.data["colours"] == colours(content["labels"])
    assert page.data["letters"] == letters(content["labels"])
    assert page.data["media"] is None
    assert not [attributes for _, attributes in page.elements if {"src", "href"} & attributes.keys()]
    assert {tag for tag, _ in page.elements} <= {
        "html", "head", "meta", "title", "style", "body", "noscript", "div", "script"
    }  # fmt: skip
    assert "@import" not in page.text("style")
    assert not re.search(r"url\((?!['\"]?data:)", page.text("style"))


def test_only_the_two_blocks_of_the_page_itself_may_run() -> None:
    page = Page(page_html(content_of(toy_result(2))))
    assert page.policy["default-src"] == "'none'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        assert page.policy[rule] == digest(page.text(tag))
    assert len(page.all("script")) == 2
    assert set(page.policy["media-src"].split()) == {"'self'", "file:", "data:", "blob:"}


@given(st.text())
def test_what_was_said_stays_text(said: str) -> None:
    content = toy_result(1).to_json()
    plain = Page(page_html(content))
    content["utterances"][0] |= {"text": said + NASTY, "speaker": NASTY}
    content["warnings"] = [NASTY]
    text = page_html(content)
    page = Page(text)
    assert page.elements == plain.elements
    assert page.comments == plain.comments
    assert page.data["result"]["utterances"][0]["text"] == said + NASTY
    assert "<img" not in text
    assert "alert(1)</script>" not in text
    assert not {"\u2028", "\u2029"} & set(page.text("script", id="result"))


def test_half_a_surrogate_pair_can_be_written(tmp_path: Path) -> None:
    content = toy_result(1).to_json()
    content["media"]["name"] = "talk\udce9.mp4"
    (tmp_path / "report.html").write_text(page_html(content), encoding="utf-8")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.data["result"]["media"]["name"] == "talk\udce9.mp4"


@pytest.mark.parametrize(
    ("media", "url"),
    [
        ("talk.mp4", "talk.mp4"),
        ("../my talks/a#1 50%?.mp4", "../my%20talks/a%231%2050%25%3F.mp4"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("日本.mp4", "%E6%97%A5%E6%9C%AC.mp4"),
        ("talk\udce9.mp4", "talk%E9.mp4"),
    ],
)
def test_the_link_to_the_recording_is_a_url(media: str, url: str) -> None:
    assert Page(page_html(toy_result(1).to_json(), Path(media))).data["media"] == url


def test_the_link_leads_from_the_folder_of_the_page(tmp_path: Path) -> None:
    content = toy_result(1).to_json()
    media = tmp_path / "in" / "a b.mp4"
    linked = Page(page_html(content, media, folder=tmp_path / "out" / "talk")).data["media"]
    assert linked == "../../in/a%20b.mp4"
    assert Page(page_html(content, media)).data["media"] == media.as_uri()


def test_a_recording_can_be_part_of_the_page(tmp_path: Path) -> None:
    media = tmp_path / "call.wav"
    media.write_bytes(bytes(range(256)))
    url = Page(page_html(toy_result(1).to_json(), media, embed=True)).data["media"]
    head, encoded = url.split(",")
    assert re.fullmatch(r"data:audio/(x-)?wav;base64", head)
    assert base64.b64decode(encoded) == media.read_bytes()


def test_a_recording_too_large_to_be_part_of_the_page_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = tmp_path / "talk.mp4"
    with media.open("wb") as file:
        file.truncate(fill.LARGEST_EMBEDDED + 1)  # a hole: takes no room on the disk
    with pytest.raises(InputError, match="50 MB") as caught:
        page_html(toy_result(1).to_json(), media, embed=True)
    assert caught.value.fix is not None
    monkeypatch.setattr(fill, "LARGEST_EMBEDDED", 10)
    media.write_bytes(b"0123456789")
    page_html(toy_result(1).to_json(), media, embed=True)


def test_a_recording_that_is_not_there_cannot_be_embedded(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.mp4"):
        page_html(toy_result(1).to_json(), tmp_path / "gone.mp4", embed=True)


def test_a_number_that_is_none_is_refused() -> None:
    content = toy_result(1).to_json()
    content["settings"]["rate"] = float("nan")
    with pytest.raises(InputError, match="number"):
        page_html(content)
