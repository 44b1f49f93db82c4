"""Pictures and files of threads for the pages that show them: each only for whom it was meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.webchat.session import Sessions
from shop_core.conversations.at_the_desk import find_at_desk
from shop_core.customers.people import Address, find_customer
from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.staff.roles import RIGHTS, Right, Roster
from shop_core.threads.errors import NoSuchMessage
from shop_core.threads.models import FileKind
from shop_core.threads.read import OpenedFile, get_message, is_for, open_file
from shop_core.threads.sealing import picture_type
from shop_core.vault.vault import Vault

LARGEST_ID: Final = 2**63 - 1

_HEADERS: Final = {
    "Cache-Control": "no-store",
    # A page that shows the chat inside has the cookie's company, not its right.
    "Cross-Origin-Resource-Policy": "same-origin",
    # Opened by itself a file is nobody's page: whatever is in it runs nothing and loads nothing.
    "Content-Security-Policy": "default-src 'none'; sandbox",
}

MaySee = Callable[[View, int, Address], bool]
"""Whether whoever is at an address may see a message's file."""


@dataclass(frozen=True, slots=True)
class Files:
    """``<page>/files/<message>``, by the page's own cookie. Whatever is not for its bearer is not there."""

    channel: str
    shop: Shop
    sessions: Sessions
    may_see: MaySee

    def route(self, page: str) -> Route:
        """Where a page finds them."""
        return Route(f"{page}/files/{{message_id:int}}", self.serve, methods=["GET"])

    async def serve(self, request: Request) -> Response:
        """One file: a picture to be shown, anything else to be kept."""
        device = self.sessions.device_of(request.cookies)
        message_id = int(request.path_params["message_id"])
        if device is None or message_id > LARGEST_ID:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        try:
            file = await self.shop.read(self._open, message_id, Address(self.channel, device))
        except NoSuchMessage:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        return _as_response(file)

    def _open(self, view: View, message_id: int, address: Address) -> OpenedFile:
        if not self.may_see(view, message_id, address):
            raise NoSuchMessage
        vault = self.shop.get(Vault)
        return open_file(view, vault, get_message(view, vault, message_id))


def is_his(view: View, message_id: int, address: Address) -> bool:
    """For customers: his own thread."""
    person = find_customer(view, channel=address.channel, external_id=address.external_id)
    return person is not None and is_for(view, message_id, address, person.person_id)


def is_staffs(roster: Roster) -> MaySee:
    """For staff: every thread, as long as he is one of those who answer."""

    def may_see(view: View, _: int, address: Address) -> bool:
        there = find_at_desk(view, roster, address)
        return there is not None and Right.SERVE in RIGHTS[there.role]

    return may_see


def _as_response(file: OpenedFile) -> Response:
    shown = picture_type(file.content) if file.view.kind is FileKind.PICTURE else None
    way = "attachment" if shown is None else "inline"
    name = quote(file.view.name, safe="")
    return Response(
        file.content,
        media_type=shown or "application/octet-stream",
        headers=_HEADERS | {"Content-Disposition": f"{way}; filename*=UTF-8''{name}"},
    )
