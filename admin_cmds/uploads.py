"""Files of staff where the chat takes none: a page, one file, and the same command as a file in a chat would complete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from admin_cmds.command import Desk, NoSuchCommand
from admin_cmds.links import words_of
from admin_cmds.refusals import refusal_text
from admin_cmds.registry import carry_out
from admin_cmds.telling import desk_at
from handlers.incoming import Upload
from handlers.screen import Line, Screen
from handlers.words import Words
from shop_core.conversations.upload_links import (
    NoSuchUpload,
    get_upload,
    give_upload_back,
    take_upload,
)
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.kernel.errors import ShopError

_PAGE: Final = Address("upload", "page")
"""Where a command runs that a page completes: a place that takes files."""


@dataclass(frozen=True, slots=True)
class UploadPage:
    """What the page shows.

    Attributes:
        lines: What it is for, or what became of the file.
        said: Why the last file was refused; empty: none was.
        until: So long it takes a file; None: it has one.
    """

    language: str
    lines: tuple[str, ...]
    said: str = ""
    until: datetime | None = None


async def show(shop: Shop, token: str) -> UploadPage:
    """What a link is for.

    Raises:
        NoSuchUpload: It does not work.
    """
    return await _asking(shop, token, said="")


async def receive(shop: Shop, token: str, file: Upload) -> UploadPage:
    """Take the one file that a link is for, and run the command that waits for it, as who asked for the link.

    The import that comes of it has the link's own key: however often this runs, there is one.

    Raises:
        NoSuchUpload: It does not work, was used, or its owner is staff no more.
    """
    taken = await shop.write(take_upload, token)
    words = words_of(taken.command)
    desk = await _desk_of(shop, taken.actor)
    if desk is None or words is None:
        raise NoSuchUpload
    try:
        screen = await carry_out(replace(desk, upload=file, message=f"upload:{taken.mark}"), words)
    except NoSuchCommand:
        raise NoSuchUpload from None
    except ShopError as error:
        await shop.write(give_upload_back, token, taken)
        return await _asking(shop, token, said=refusal_text(desk.say, error))
    return UploadPage(desk.language, _lines(screen))


async def _asking(shop: Shop, token: str, *, said: str) -> UploadPage:
    upload = await shop.read(get_upload, token)
    words = words_of(upload.command)
    desk = await _desk_of(shop, upload.actor)
    if desk is None or words is None:
        raise NoSuchUpload
    screen = await carry_out(desk, words)
    return UploadPage(desk.language, _lines(screen), said, upload.until)


async def _desk_of(shop: Shop, actor: str) -> Desk | None:
    """Whose link it is, at the page and with what he may do now."""
    channel, _, external_id = actor.partition(":")
    desk = await desk_at(shop, Address(channel, external_id))
    if desk is None:
        return None
    return replace(desk, say=shop.get(Words).to(desk.language), browser=_PAGE)


def _lines(screen: Screen) -> tuple[str, ...]:
    return tuple(line.text for line in screen.lines if isinstance(line, Line) and line.text)
