"""What one person writes and reads in WeChat, kept as a transcript."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from tests.channels.wechat.stage import Stage
from tests.standins.wechat import Follower

_LINK: Final = re.compile(r"http://127\.0\.0\.1:\d+/(pay|upload)/[\w/-]+")
_NUMBER: Final = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_PAIRING: Final = re.compile(r"\b[A-Z][0-9A-Z]{2}-[0-9A-Z]{3}\b")
_DAY: Final = re.compile(r"\b\d\d-\d\d (?=\d\d:\d\d\b)")
_CLOCK: Final = re.compile(r"\b\d\d:\d\d\b")
_NAMES: Final = {"zh": "小明", "en": "Ming"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One text on the phone.

    Attributes:
        is_answer: It answered what the person wrote; otherwise it was pushed.
    """

    text: str
    is_answer: bool


class Script:
    """A transcript. What differs from run to run gets a name that does not."""

    def __init__(self, stage: Stage, title: str, language: str, *, openid: str = "") -> None:
        """Begin it.

        Args:
            openid: Whose it is: the owner's, else anybody's.
        """
        self.stage = stage
        self.language = language
        self.person: Follower = stage.wechat.follower(openid)
        self._name = "店主" if openid else _NAMES[language]
        self.shown: list[Shown] = []
        self._lines = [f"# {title}"]
        self._numbers: dict[str, str] = {}
        self._pushes = 0

    async def arrive(self) -> None:
        """Choose the language, unseen: an account speaks Chinese to whoever is new."""
        if self.language != "zh":
            await self.person.say("hi")
            await self.person.say("语言 / Language")
            await self.person.say("English")

    async def say(self, text: str) -> str:
        """Write something; what the account answers."""
        answer = await self.person.say(text) or ""
        self.shown.append(Shown(answer, is_answer=True))
        self._write(f"{self._name} › {text}", answer)
        return answer

    async def pay(self, bill: str) -> None:
        """Pay outside, and see what is pushed."""
        await self.stage.pay(bill)
        await self.hear("小明 付款了" if self.language == "zh" else "Ming has paid")

    async def hear(self, what: str) -> None:
        """Wait for what is pushed after something happened."""
        async with asyncio.timeout(20):
            while len(self.person.pushes) == self._pushes:  # noqa: ASYNC110 - WeChat sets no event
                await asyncio.sleep(0.02)
        pushed = self.person.pushes[self._pushes :]
        self._pushes = len(self.person.pushes)
        self.shown += [Shown(text, is_answer=False) for text in pushed]
        self._write(what, *pushed)

    def note(self, zh: str, en: str = "") -> None:
        """What happens without a word."""
        self._lines.append(f"*{en if self.language == 'en' else zh}*")

    def number_in(self, text: str) -> str:
        """The order's number in a text."""
        found = _NUMBER.search(text)
        assert found is not None, text
        return found[0]

    def text(self) -> str:
        """The whole of it."""
        return "\n\n".join(self._lines) + "\n"

    def _write(self, did: str, *shown: str) -> None:
        self._lines.append(self._same(did))
        self._lines += [f"```\n{self._same(text)}\n```" for text in shown if text]

    def _same(self, text: str) -> str:
        text = _CLOCK.sub("14:32", _DAY.sub("11-22 ", text))
        text = _LINK.sub(r"https://shop.example.com/\1/…", text)
        text = _PAIRING.sub("K7M-2QX", text)
        return _NUMBER.sub(
            lambda found: self._numbers.setdefault(found[0], f"K7M2-000{len(self._numbers) + 1}"), text
        )
