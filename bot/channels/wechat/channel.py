"""One WeChat official account as a channel of the shop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from bot.channels.channel import Answer, NewsScreen, Unreachable
from bot.channels.tencent.answers import seal_answer
from bot.channels.tencent.draw import Drawn, draw
from bot.channels.tencent.numbers import Kind, Meant, Numbers
from bot.channels.tencent.pushed import Pushed, draw_late, draw_push, pictures_in
from bot.channels.wechat.account import open_api
from bot.channels.wechat.menu import Menu
from bot.channels.wechat.parse import Heard
from bot.channels.wechat.push import NothingMayBePushed, Pusher
from bot.channels.wechat.scenes import Scenes
from bot.channels.wechat.settings import Profile, WeChatSettings
from bot.channels.wechat.template import Templates
from bot.channels.wechat.webhook import Webhook
from handlers.incoming import Incoming
from handlers.screen import Line, Screen, Style
from handlers.words import Phrases, Words
from shop_core.customers.people import (
    Address,
    find_customer,
    is_unreachable,
    mark_reachable,
    mark_unreachable,
)
from shop_core.db.inbox import Letter
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.messaging import choices, passive, queue
from shop_core.messaging.allowance import RESERVED
from shop_core.messaging.passive import Standing
from shop_core.messaging.queue import QueuedMessage

DrawNews = Callable[[Shop, QueuedMessage], Awaitable[Screen | None]]

MOST_NEWS: Final = 3
"""So many news stand above an answer; the others follow with the next one."""
_LONGEST_NEWS: Final = 160
"""Characters of news above an answer; longer ones give their first line."""
_SHOWN_ID: Final = 8
"""Characters of an openid that stand in for the name that WeChat does not tell."""
_ASLEEP_S: Final = 3600
"""News that cannot be pushed waits for the person's next word; looking again meanwhile costs a statement."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Told:
    """News that stands above an answer."""

    lines: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()


class WeChatChannel:
    """Answers letters into the request that waits for them, and pushes news where the account may. A ``Channel``."""

    def __init__(self, settings: WeChatSettings, shop: Shop, answer: Answer, draw_news: DrawNews) -> None:
        """Connect nothing yet.

        Args:
            answer: What the shop says to a message; refusals are screens, bugs are exceptions.
            draw_news: Queued news as a screen.
        """
        self.name = settings.name
        self.webhook = Webhook(settings, shop)
        self._shop = shop
        self._answer = answer
        self._draw_news = draw_news
        self._numbers = Numbers(settings.name, shop)
        self._api = open_api(settings, shop) if settings.app_secret.reveal() else None
        self._pusher = self._templates = self.scenes = None
        if self._api is not None and settings.profile is Profile.SERVICE:
            self._pusher = Pusher(settings.name, self._api, shop)
            self.scenes = Scenes(settings.name, self._api, shop)
            if settings.template is not None:
                self._templates = Templates(settings.name, settings.template, self._api, shop.policy.timezone)
        self._menu = None
        if self._api is not None and settings.menu is not None:
            self._menu = Menu(settings.name, settings.menu, self._api, shop)

    async def run(self) -> None:
        """WeChat comes to us through the web server, so there is nothing to fetch: keep the menu, until cancelled."""
        if self._menu is None:
            await asyncio.Event().wait()
        else:
            await self._menu.keep()

    async def reply(self, letter: Letter, payload: bytes) -> Screen | None:
        """Answer one letter, into the row that its request looks at.

        May run twice: until the answer is in its row one-time keys make the shop's part harmless; after that nothing is done
        again, because a number would mean something else by now.

        Args:
            payload: The letter's content, unsealed.
        """
        heard = Heard.model_validate_json(payload)
        address = Address(self.name, heard.person)
        if heard.kind is Kind.GONE:
            await self._shop.write(mark_unreachable, address)
            return None
        if await self._shop.read(is_unreachable, address):
            await self._shop.write(mark_reachable, address)
        standing = await self._shop.read(passive.find_answer, self.name, heard.message)
        if standing is not None and standing.sealed is not None:
            return None
        meant = await self._numbers.read(heard, address, letter.received_at)
        if meant.text is not None:
            await self._hand_again(address, heard.message, meant)
            return None
        if meant.content is None:
            raise TypeError("neither a text nor a content")
        incoming = Incoming(
            channel=self.name,
            external_id=heard.person,
            name=heard.person[-_SHOWN_ID:],
            language="zh",
            content=meant.content,
            message=heard.message,
        )
        screen = await self._answer(self._shop, incoming)
        return await self._hand(address, heard.message, _with_notice(screen, meant.notice))

    async def send(self, address: Address, screen: Screen) -> None:
        """Push news.

        Raises:
            RetryLater: Not sent: nothing may be pushed now. The person's next word brings it along.
            Unknown: Nobody knows whether it was sent.
            Unreachable: He follows the account no more.
        """
        await self.send_together(address, [NewsScreen(0, screen)])

    async def send_together(self, address: Address, news: Sequence[NewsScreen]) -> None:
        """Push several news as one message: each counts, and there are few. Raises as ``send`` does."""
        loud = [one.screen for one in news if not one.screen.quiet]
        if not loud:
            return
        if self._pusher is None:
            raise RetryLater("wechat: this account only answers", retry_after_s=_ASLEEP_S)
        keep = 0 if any(_is_about_order(screen) for screen in loud) else RESERVED
        try:
            await self._pusher.push(address, draw_push(loud, await self._say(address)), keep=keep)
        except NothingMayBePushed:
            if not await self._tell_by_template(address, loud):
                raise
            return
        for picture in pictures_in(loud):
            await self._pusher.show_picture(address, picture.content)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._api is not None:
            await self._api.close()

    async def _tell_by_template(self, address: Address, screens: Sequence[Screen]) -> bool:
        """The last way, for orders only: one message each. Whatever else there is waits for the person's next word."""
        if self._templates is None or not all(_is_about_order(screen) for screen in screens):
            return False
        for screen in screens:
            if not await self._templates.tell(address, screen, self._shop.clock.now()):
                return False
        return True

    async def _with_picture(self, address: Address, screen: Screen) -> Screen:
        """A picture comes as a message of its own, where one may be pushed."""
        if self._pusher is None:
            return screen
        for picture in pictures_in([screen]):
            if await self._pusher.show_picture(address, picture.content):
                return replace(screen, attachment=None)
        return screen

    async def _hand(self, address: Address, message: str, asked: Screen) -> Screen:
        screen = await self._with_picture(address, asked)
        told = await self._news(address, screen)
        drawn = draw(screen, await self._say(address), told.lines)
        standing = await self._shop.write(self._keep, address, message, drawn, told.causes)
        if standing is None or not standing.is_late:
            return screen
        # Not shown yet: what it tells is told once it is.
        is_there = await self._push_late(address, standing, drawn)
        return screen if is_there else replace(screen, tells=None)

    def _keep(
        self, tx: Tx, address: Address, message: str, drawn: Drawn, causes: Sequence[str]
    ) -> Standing | None:
        sealed = seal_answer(self._shop, self.name, message, drawn.pages[0].text)
        standing = passive.hand(tx, address, message, sealed)
        choices.offer(tx, address, self._numbers.seal(address, drawn))
        for cause in causes:
            queue.mark_told(tx, address, cause)
        return standing

    async def _hand_again(self, address: Address, message: str, meant: Meant) -> None:
        """Another page of what is there, or what came too late."""
        sealed = seal_answer(self._shop, self.name, message, meant.text or "")
        await self._shop.write(passive.hand, address, message, sealed)

    async def _push_late(self, address: Address, standing: Standing, drawn: Drawn) -> bool:
        """Bring an answer that came too late. Where that cannot be, it waits for the word that was named."""
        if self._pusher is None:
            return False
        say = await self._say(address)
        ready = Pushed(say("wechat.ready"), (), "", gap="")
        try:
            await self._pusher.push(address, ready if drawn.has_codes else draw_late(drawn.pages[0]))
        except (RetryLater, Unknown, Unreachable) as error:
            _log.info("wechat.late_waits", channel=self.name, reason=str(error))
            return False
        if not drawn.has_codes:
            await self._shop.write(passive.mark_told, self.name, standing.message)
        return not drawn.has_codes

    async def _news(self, address: Address, screen: Screen) -> _Told:
        """Queued news for whoever is just being answered: it costs nothing here."""
        lines: list[str] = []
        causes: list[str] = []
        for cause, message in await self._shop.read(queue.list_queued, address, limit=MOST_NEWS):
            drawn = None if cause == screen.tells else await self._draw_news(self._shop, message)
            causes.append(cause)
            if drawn is None or drawn.quiet or (drawn.slot is not None and drawn.slot == screen.slot):
                continue
            texts = [line.text for line in drawn.lines if isinstance(line, Line)]
            whole = "\n".join(texts)
            lines.append(whole if len(whole) <= _LONGEST_NEWS else texts[0])
        return _Told(tuple(lines), tuple(causes))

    async def _say(self, address: Address) -> Phrases:
        where = {"channel": address.channel, "external_id": address.external_id}
        customer = await self._shop.read(find_customer, **where)
        return self._shop.get(Words).to("" if customer is None else customer.language, self.name)


def _is_about_order(screen: Screen) -> bool:
    return (screen.slot or "").startswith("order:")


def _with_notice(screen: Screen, notice: str) -> Screen:
    return replace(screen, lines=(Line(notice, Style.STRONG), *screen.lines)) if notice else screen
