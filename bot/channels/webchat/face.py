"""What a page looks like before its script runs: the shop's name, words and colours are in the document already."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from bot.channels.webchat.theme import Theme
from bot.channels.webchat.words import ChatWords, spoken_language

FILES: Final = Path(__file__).parent / "page"

_OUR_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'%3E%3Crect width='9' height='9' "
    "rx='2.5' fill='%230d7264'/%3E%3Cpath d='M2 3h5v3H2zM2 4h5' fill='none' stroke='%23fff' stroke-width='.7'/%3E%3C/svg%3E"
)


@dataclass(frozen=True, slots=True)
class Face:
    """How one web chat presents itself.

    Attributes:
        name: What the shop is called here.
        words: The page's own words, by language.
        languages: Those that the shop speaks, the first for whoever speaks none of them.
    """

    name: str
    theme: Theme
    words: Callable[[str], ChatWords]
    languages: Sequence[str]

    def language_of(self, accept_language: str) -> str:
        """The shop's language for a browser that has not said another one yet."""
        reads = spoken_language(accept_language, self.languages)
        return next((known for known in self.languages if reads.startswith(known)), self.languages[0])

    def document(self, accept_language: str) -> str:
        """The chat's page."""
        language = self.language_of(accept_language)
        logo, style = self.theme.logo, self.theme.stylesheet()
        name = html.escape(self.name)
        return Template((FILES / "index.html").read_text("utf-8")).substitute(
            lang="zh-CN" if language == "zh" else language,
            name=name,
            icon="chat/logo" if logo else _OUR_ICON,
            theme='\n  <link rel="stylesheet" href="chat/theme.css">' if style else "",
            mark='<img src="chat/logo" alt="">' if logo else html.escape(self.name[0]),
            # In a script that is none: nothing of it may end it.
            words=_json(self.words(language).page).replace("<", "\\u003c"),
        )

    def embed_script(self) -> str:
        """What draws the button on other people's pages."""
        face = {
            "name": self.name,
            **self.theme.launcher,
            "words": {
                language: {
                    word: self.words(language).page[word] for word in ("open_shop", "close", "has_news")
                }
                for language in self.languages
            },
        }
        return (FILES / "embed.js").read_text("utf-8").replace("__FACE__", _json(face))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
