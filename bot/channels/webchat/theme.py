"""What an owner may make his own of the page: its name, its colour, its logo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.channels.webchat import palette

LARGEST_LOGO: Final = 32 * 1024
"""Bytes: it is fetched before anything is sold, on a phone that may have a bad line."""

_OUR_COLOR: Final = "#0d7264"
_TYPES: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<svg\b", re.DOTALL), "image/svg+xml"),
)


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture, and what kind of one it is."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Theme:
    """The owner's own face. Whatever is None is as it comes.

    Attributes:
        color: ``#rrggbb``.
        color_dark: The same for browsers that are set to dark; None: ``color``, lightened where it must be.
    """

    color: str | None = None
    color_dark: str | None = None
    logo: Logo | None = None

    @property
    def launcher(self) -> Mapping[str, str]:
        """Colours of the button on other people's pages: of those nobody knows whether they are light or dark."""
        return {"accent": self.color or _OUR_COLOR, "on": palette.on(self.color or _OUR_COLOR)}

    def stylesheet(self) -> str | None:
        """What goes over ``page/chat.css``; None: nothing."""
        bright, night = self.color, self.color_dark or self.color
        parts = [] if bright is None else [_rule(palette.light(bright))]
        if night is not None:
            parts.append(f"@media (prefers-color-scheme: dark) {{ {_rule(palette.dark(night))} }}")
        return "\n".join(parts) or None


def logo_of(content: bytes) -> Logo | None:
    """A logo, or None: no picture that browsers show."""
    for start, media_type in _TYPES:
        if start.match(content):
            return Logo(content, media_type)
    return None


def _rule(variables: Mapping[str, str]) -> str:
    return ":root { " + " ".join(f"--{name}: {value};" for name, value in variables.items()) + " }"
