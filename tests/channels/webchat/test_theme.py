"""The owner's own face: whatever colour he likes, what is written on it and in it can be read."""

import json
import re
from itertools import pairwise

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.webchat.palette import READABLE, contrast, dark, light, mix, on
from bot.channels.webchat.theme import Logo, Theme, logo_of
from tests.channels.webchat.stage import a_chat
from tests.web.stage import an_open_shop

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
LIGHT_TEXT, DARK_TEXT = "#14201d", "#e8eeec"
"""``--text`` of page/chat.css."""

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#c2185b"/></svg>'


def test_contrast_is_counted_as_wcag_counts_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#0d7264", "#0d7264") == pytest.approx(1)


@given(COLORS)
@example("#000000")
@example("#ffffff")
@example("#ffd400")
@example("#767676")
def test_any_colour_can_be_read_by_day_and_by_night(color: str) -> None:
    for variables, grounds, text in (
        (light(color), ("#ffffff", "#f4f7f6"), LIGHT_TEXT),
        (dark(color), ("#161d1c", "#1c2523"), DARK_TEXT),
    ):
        pairs = [(variables["accent"], variables["on-accent"]), (variables["own"], text)]
        pairs += [
            (variables["accent-strong"], ground)
            for ground in (*grounds, variables["tint"], variables["tint-strong"])
        ]
        assert [pair for pair in pairs if contrast(*pair) < READABLE] == []
    assert light(color)["accent"] == color
    assert contrast(dark(color)["accent"], "#161d1c") >= READABLE


def test_a_mix_goes_from_the_ground_to_the_colour() -> None:
    steps = [mix("#ffffff", "#000000", share / 4) for share in range(5)]
    assert (steps[0], steps[-1]) == ("#ffffff", "#000000")
    assert all(contrast(one, "#000000") > contrast(other, "#000000") for one, other in pairwise(steps))
    assert (on("#ffd400"), on("#1a237e")) == ("#000000", "#ffffff")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\xff\xd8\xffrest", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b'<?xml version="1.0"?>\n<!-- made by hand -->\n' + SVG, "image/svg+xml"),
        (SVG, "image/svg+xml"),
        (b"<html><svg></svg></html>", None),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_a_logo_is_told_by_how_it_begins(content: bytes, kind: str | None) -> None:
    logo = logo_of(content)
    assert (logo and logo.media_type) == kind


async def test_the_page_has_the_owners_face_before_its_script_runs(sqlite_url: str) -> None:
    theme = Theme("#c2185b", None, Logo(SVG, "image/svg+xml"))
    async with (
        an_open_shop(sqlite_url) as shop,
        a_chat(shop.called('</script>"&<b>'), theme=theme, sites=("https://www.example.com",)) as chat,
        httpx.AsyncClient(trust_env=False, base_url=f"{chat.base_url}/chat/") as http,
    ):
        page = await http.get("../chat", headers={"Accept-Language": "en-GB"})
        style, logo, embed = await http.get("theme.css"), await http.get("logo"), await http.get("embed.js")
    assert '<html lang="en">' in page.text
    assert "<title>&lt;/script&gt;&quot;&amp;&lt;b&gt;</title>" in page.text
    words = re.search(r'id="words">(.*?)</script>', page.text)
    assert words is not None
    assert json.loads(words[1])["send"] == "Send"
    assert style.headers["content-type"].startswith("text/css")
    assert "--accent: #c2185b" in style.text
    assert (logo.content, logo.headers["content-type"]) == (SVG, "image/svg+xml")
    assert "sandbox" in logo.headers["content-security-policy"]
    assert '"accent":"#c2185b","on":"#ffffff"' in embed.text
    assert page.headers["content-security-policy"].count("https://www.example.com") == 1


async def test_without_a_theme_nothing_of_it_is_there(sqlite_url: str) -> None:
    async with (
        an_open_shop(sqlite_url) as shop,
        a_chat(shop) as chat,
        httpx.AsyncClient(trust_env=False, base_url=f"{chat.base_url}/chat/") as http,
    ):
        page = (await http.get("../chat")).text
        assert "theme.css" not in page
        assert "chat/logo" not in page
        assert {(await http.get(name)).status_code for name in ("theme.css", "logo")} == {404}
