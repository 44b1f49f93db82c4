"""News and late answers as WeChat's messages of our own: a text, and words in it that a thumb can touch.

A touched word comes back as if it had been written, so nothing hangs on it but comfort: who sees no menu writes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from admin_cmds.links import GO, PREFIX, words_of
from bot.channels.tencent.draw import LONGEST, LONGEST_BYTES, Page, buttons_of, tame
from handlers.links import match
from handlers.screen import Attachment, Code, Screen
from handlers.support import ANSWER_SLOT
from handlers.words import Phrases

PICTURES: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
"""How those begin that WeChat takes."""
LARGEST_PICTURE: Final = 10 * 1024 * 1024
_ITEM_BYTES: Final = 100
_PLAIN_WORD: Final = re.compile(r"[\w.:-]+")


@dataclass(frozen=True, slots=True)
class Pushed:
    """What is pushed.

    Attributes:
        items: What may be touched, between head and foot; each is sent as it stands.
        gap: Between the parts where it is a plain text.
        lists: Whether the items stand in the plain text, too.
    """

    head: str
    items: tuple[str, ...]
    foot: str
    gap: str = "\n\n"
    lists: bool = False

    @property
    def text(self) -> str:
        """As a plain text."""
        listed = ("\n".join(self.items),) if self.lists and self.items else ()
        return self.gap.join((self.head, *listed, self.foot))

    def message(self, openid: str, *, as_menu: bool) -> dict[str, Any]:
        """As custom/send has it: with something to touch, or as a text."""
        if not as_menu or not self.items:
            return {"touser": openid, "msgtype": "text", "text": {"content": self.text}}
        listed = [{"id": str(number), "content": item} for number, item in enumerate(self.items, start=1)]
        menu = {"head_content": self.head, "list": listed, "tail_content": self.foot}
        return {"touser": openid, "msgtype": "msgmenu", "msgmenu": menu}


def draw_late(page: Page) -> Pushed:
    """An answer that came too late for its request: the numbers of its page may be touched."""
    if not page.items or any(len(item.encode()) > _ITEM_BYTES for item in page.items):
        return Pushed(page.text, (), "", gap="")
    return Pushed(page.head, tuple(page.items), page.foot, gap="\n", lists=True)


def draw_push(screens: Sequence[Screen], say: Phrases) -> Pushed:
    """News as one text: never a code, no numbers (those under the last answer stay), and the word that leads on.

    What finds no room is found where the word leads to.
    """
    texts = []
    for screen in screens:
        lines = [line.text for line in screen.lines if not isinstance(line, Code)]
        texts.append("\n".join(tame(line) for line in lines if line))
    word, last = _next_word(screens, say)
    shown: list[str] = []
    for text in texts:
        if not _fits("\n\n".join([*shown, text, last])):
            break
        shown.append(text)
    if not shown:
        shown = [_beginning(texts[0], LONGEST - len(last) - 8, LONGEST_BYTES - len(last.encode()) - 8)]
    return Pushed("\n\n".join(shown), (word,), last)


def pictures_in(screens: Sequence[Screen]) -> list[Attachment]:
    """The pictures that WeChat could show."""
    found = [screen.attachment for screen in screens if screen.attachment is not None]
    return [one for one in found if kind_of(one.content) and len(one.content) <= LARGEST_PICTURE]


def kind_of(content: bytes) -> str | None:
    """A picture's media type, by how it begins; None: WeChat takes none of this kind."""
    return next((kind for begins, kind in PICTURES.items() if content.startswith(begins)), None)


def _next_word(screens: Sequence[Screen], say: Phrases) -> tuple[str, str]:
    """What to write after news, and how that is said: a code or a yes come first, then what staff have to see to."""
    links = [button for screen in screens for button in buttons_of(screen)]
    for button in links:
        found = match(button.link)
        if found is not None and found[0] == "code":
            return say("wechat.word.pick_up"), say("wechat.pick_up", what=button.text)
        if found is not None and found[0] == "confirm_pairing":
            return say("wechat.word.pairing"), say("wechat.see_pairing")
    command = next((_command(button.link) for button in links if _command(button.link)), None)
    if command is not None:
        return command, say("wechat.see_to_it", command=command)
    if any((screen.slot or "").startswith(ANSWER_SLOT) for screen in screens):
        return say("wechat.word.support"), say("wechat.see_talk")
    return say("wechat.word.orders"), say("wechat.see_orders")


def _command(link: str) -> str | None:
    """The command behind a link of staff, as it is typed; a question is not answered by typing."""
    words = words_of(link)
    if words is None or words[:1] == (GO,):
        return None
    is_plain = all(_PLAIN_WORD.fullmatch(word) for word in words)
    return "/" + (" ".join(words) if words and is_plain else PREFIX)


def _fits(text: str) -> bool:
    return len(text) <= LONGEST and len(text.encode()) <= LONGEST_BYTES


def _beginning(text: str, longest: int, longest_bytes: int) -> str:
    """So much of a text as there is room for, characters whole."""
    cut = text[:longest].encode()[:longest_bytes].decode(errors="ignore")
    return text if cut == text else cut.rstrip() + "…"
