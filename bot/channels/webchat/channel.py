"""The web chat as a channel of the shop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from limits import RateLimitItem
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from bot.channels.channel import Answer
from bot.channels.webchat.face import Face
from bot.channels.webchat.files import Files, is_his, is_staffs
from bot.channels.webchat.frames import Hello, Stored, content_of
from bot.channels.webchat.gate import Gate
from bot.channels.webchat.hub import SEEN_TIMEOUT_S, Hub
from bot.channels.webchat.origin import is_on_this_machine
from bot.channels.webchat.page import CHAT_PATH, STAFF_PATH, DemoPages, Pages
from bot.channels.webchat.render import done_frame, screen_frame, toast_frame
from bot.channels.webchat.session import Sessions
from bot.channels.webchat.socket import MOST_MESSAGES, Reception
from bot.channels.webchat.staff import StaffPages
from bot.channels.webchat.theme import Theme
from bot.channels.webchat.words import ChatWords
from handlers.incoming import Incoming
from handlers.screen import Screen
from shop_core.customers.people import Address
from shop_core.db.inbox import Letter
from shop_core.db.shop import Shop
from shop_core.kernel.secret import Secret
from shop_core.staff.roles import Roster

_SHOWN_ID: Final = 8
"""Characters of a device id that stand in for the name that a visitor of a web page does not have."""


@dataclass(frozen=True, slots=True)
class WebChatSettings:
    """How one web chat is set up.

    Attributes:
        name: The channel instance's name in the config.
        session_secret: Signs the cookies; a new one makes strangers of everybody.
        public_url: Where the shop is reached from outside, such as ``https://shop.example``; None: only here.
        staff: The identity of whoever opens ``/staff`` on this machine, without any password. For the demo;
            else None.
        seen_timeout_s: How long a page may take to confirm news.
        most: How much one device may say.
        sites: Origins of the pages that may show the chat inside.
        theme: The owner's own face.
    """

    name: str
    session_secret: Secret
    public_url: str | None
    staff: str | None = None
    seen_timeout_s: float = SEEN_TIMEOUT_S
    most: RateLimitItem = MOST_MESSAGES
    sites: Sequence[str] = ()
    theme: Theme = field(default_factory=Theme)


class WebChatChannel:
    """Shows screens on the pages that are open in this process."""

    def __init__(
        self,
        settings: WebChatSettings,
        shop: Shop,
        *,
        answer: Answer,
        words: Callable[[str], ChatWords],
    ) -> None:
        """Put the channel together.

        Args:
            settings: How it is set up.
            shop: With ``Vault`` and ``Roster`` wired in.
            answer: What the shop says to a person's message.
            words: The page's own words, by one of the shop's languages.
        """
        self.name = settings.name
        self._settings = settings
        self._shop = shop
        self._answer = answer
        self._hub = Hub(seen_timeout_s=settings.seen_timeout_s)
        self._face = Face(shop.policy.name, settings.theme, words, shop.policy.languages)
        self._reception = Reception(settings.name, shop, self._hub, self._face, most=settings.most)

    @property
    def is_inside_others(self) -> bool:
        """Whether it is shown inside other sites: opened by itself, their visitors are somebody else."""
        return bool(self._settings.sites)

    def routes(self) -> list[BaseRoute]:
        """The page, its files and its socket, for the web application."""
        settings = self._settings
        sessions = self._sessions(settings.name)
        routes: list[BaseRoute] = [
            self._socket(f"{CHAT_PATH}/ws", Gate(sessions, self._origins(), lambda _: True)),
            *Pages(sessions, self._face, settings.sites).routes(),
        ]
        staff_sessions = self._sessions(f"{settings.name}-staff")
        for_staff = is_staffs(self._shop.get(Roster))
        # Before the pages' own files, whose route takes any name.
        routes[:0] = [
            Files(settings.name, self._shop, sessions, is_his).route(CHAT_PATH),
            Files(settings.name, self._shop, staff_sessions, for_staff).route(STAFF_PATH),
        ]
        if settings.staff is None:
            return [
                self._socket(f"{STAFF_PATH}/ws", Gate(staff_sessions, self._origins(), lambda _: True)),
                *StaffPages(settings.name, self._shop, staff_sessions, self._origins(), self._face).routes(),
                *routes,
            ]
        return [
            self._socket(f"{STAFF_PATH}/ws", Gate(staff_sessions, self._origins(), is_on_this_machine)),
            *DemoPages(settings.staff, staff_sessions, self._face).routes(),
            *routes,
        ]

    async def run(self) -> None:
        """Pages come to us through the web server, so there is nothing to fetch: wait to be cancelled."""
        await asyncio.Event().wait()

    async def reply(self, letter: Letter, payload: bytes) -> Screen | None:
        """Answer a message from the inbox on every page that its device has open.

        It may run again for the same letter: what the message does it does once, and the second screen is the
        newer truth. Shown on no page, it has told nothing: the queued news follows when one is opened.
        """
        stored = Stored.model_validate_json(payload)
        device, _, message_id = letter.external_id.partition(":")
        incoming = Incoming(
            channel=self.name,
            external_id=device,
            name=device[:_SHOWN_ID],
            language=stored.language,
            content=content_of(stored.frame),
            message=letter.external_id,
        )
        screen = await self._answer(self._shop, incoming)
        frames = [screen_frame(screen, f"m-{uuid4().hex}")]
        if screen.toast:
            frames.append(toast_frame(screen.toast, f"t-{uuid4().hex}"))
        if not isinstance(stored.frame, Hello):
            frames.append(done_frame(message_id))
        is_shown = await self._hub.show(device, frames)
        return screen if is_shown else replace(screen, tells=None)

    async def send(self, address: Address, screen: Screen) -> None:
        """Show news, and wait until a page confirms that it is on the screen.

        Raises:
            RetryLater: No page of this person is open here; opening one makes the queued message due.
            Unknown: None confirmed in time. The same news may be shown twice then.
        """
        frame_id = f"news-{uuid4().hex}"
        if screen.quiet:
            await self._hub.change(address.external_id, [screen_frame(screen, frame_id)])
            return
        await self._hub.tell(address.external_id, frame_id, screen_frame(screen.as_news(), frame_id))

    async def close(self) -> None:
        """Nothing to let go of: the sockets are the web server's."""

    def _socket(self, path: str, gate: Gate) -> WebSocketRoute:
        async def serve(socket: WebSocket) -> None:
            await self._reception.serve(socket, gate)

        return WebSocketRoute(path, serve)

    def _sessions(self, page: str) -> Sessions:
        is_secure = urlsplit(self._settings.public_url or "").scheme == "https"
        return Sessions(page, self._settings.session_secret, is_secure=is_secure)

    def _origins(self) -> frozenset[str]:
        if self._settings.public_url is None:
            return frozenset()
        url = urlsplit(self._settings.public_url)
        return frozenset({f"{url.scheme}://{url.netloc}".lower()})
