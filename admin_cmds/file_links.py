"""Where a file comes from in a chat that takes none: a page of ours, behind a link that works once."""

from __future__ import annotations

from admin_cmds.command import Desk
from admin_cmds.links import link_to
from handlers.screen import UrlButton
from shop_core.conversations.upload_links import NoUploads, UploadDoor, make_upload_link


async def upload_button(desk: Desk, words: tuple[str, ...]) -> UrlButton | None:
    """The way to send the file that a command waits for; None: this chat takes files itself.

    Raises:
        NoUploads: The world does not reach this shop.
    """
    if not desk.only_types:
        return None
    door = desk.shop.get(UploadDoor)
    if door.url is None:
        raise NoUploads
    token = await desk.shop.write(make_upload_link, desk.actor, link_to(*words))
    return UrlButton(desk.say("admin.upload.open"), door.link(token))
