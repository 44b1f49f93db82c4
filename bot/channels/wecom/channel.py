"""One customer service account of WeCom as a channel of the shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.channels.channel import Answer, NewsScreen
from bot.channels.tencent.api import Refused, WrongState
from bot.channels.tencent.calls import TooLarge
from bot.channels.tencent.numbers import Kind, Numbers
from bot.channels.wecom.account import open_api
from bot.channels.wecom.agents import Agents, take_back
from bot.channels.wecom.files import Files
from bot.channels.wecom.heard import Heard, What
from bot.channels.wecom.overhear import SHOWN_ID, Ears
from bot.channels.wecom.pull import Puller
from bot.channels.wecom.send import Sender
from bot.channels.wecom.settings import WeComSettings
from bot.channels.wecom.talk import Talk
from bot.channels.wecom.tell import Teller
from bot.channels.wecom.webhook import Webhook
from handlers.conversation import takes_files
from handlers.deep_links import link_of
from handlers.incoming import Incoming, Link, Text, Upload
from handlers.links import link
from handlers.screen import Line, LinkButton, Screen, Style
from handlers.words import Phrases
from shop_core.conversations import prompts
from shop_core.customers.people import (
    Address,
    is_unreachable,
    mark_reachable,
)
from shop_core.db.inbox import Letter
from shop_core.db.shop import Shop
from shop_core.threads.handovers import ask, find_handover, note_taken
from shop_core.threads.sealing import LARGEST_FILE, find_by_key

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What ``Numbers`` looks up."""

    kind: Kind
    text: str


class WeComChannel:
    """Pulls letters, answers them, sends news; keeps silent while a person has the conversation. A ``Channel``."""

    def __init__(self, settings: WeComSettings, shop: Shop, answer: Answer) -> None:
        """Connect nothing yet.

        Args:
            answer: What the shop says to a message; refusals are screens, bugs are exceptions.
        """
        self.name = settings.name
        self.webhook = Webhook(settings, shop)
        self._has_agents = settings.has_agents
        self._shop = shop
        self._answer = answer
        self._api = open_api(settings, shop)
        self._sender = Sender(settings, self._api, shop)
        self._files = Files(settings, self._api, self._sender, shop)
        self._agents = Agents(settings, self._api, shop)
        self._numbers = Numbers(settings.name, shop)
        self._talk = Talk(settings, shop, self._sender, self._files, self._numbers)
        self._teller = Teller(settings.name, self._talk, self._agents)
        self._ears = Ears(self._talk)
        self._puller = Puller(settings, self._api, shop)

    async def run(self) -> None:
        """Put what customers say into the inbox, until cancelled."""
        await self._puller.run()

    async def reply(self, letter: Letter, payload: bytes) -> Screen | None:
        """Answer one letter, or write down what it tells.

        May run twice: an answer that is kept is sent again under its own id, and nothing else is done again.

        Args:
            payload: The letter's content, unsealed.
        """
        heard = Heard.model_validate_json(payload)
        address = Address(self.name, heard.person)
        match heard.what:
            case What.TAKEN:
                await self._shop.write(note_taken, address, heard.agent)
            case What.GIVEN_BACK:
                return await self._given_back(address, heard)
            case What.LOST:
                await self._shop.write(self._teller.lose, address, heard)
            case What.ENTERED:
                return await self._welcome(address, heard)
            case _ if heard.agent:
                await self._ears.overhear(address, heard)
            case _:
                if await self._shop.read(is_unreachable, address):
                    await self._shop.write(mark_reachable, address)
                return await self._hear(address, heard, letter)
        return None

    async def send(self, address: Address, screen: Screen) -> None:
        """Show what is no queued news: progress of something, which nobody needs to be disturbed for."""
        if not screen.quiet:
            await self.send_together(address, [NewsScreen(0, screen)])

    async def send_together(self, address: Address, news: Sequence[NewsScreen]) -> None:
        """Send several news as one message: each counts, and there are few.

        Raises:
            RetryLater: Not sent. The customer's next word, or the end of his talk with a person, brings it along.
            Unknown: Nobody knows whether it was sent; it is sent again under the same id.
            Unreachable: He wants to hear nothing.
        """
        await self._teller.tell(address, news)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._api.close()

    # ------------------------------------------------------------------------------------------ answers

    async def _hear(self, address: Address, heard: Heard, letter: Letter) -> Screen | None:
        handover = await self._shop.read(find_handover, address)
        if handover is not None and handover.asked_by != heard.message:
            handover = await self._agents.find(address)
            if handover is not None:
                await self._ears.keep(address, heard, handover)
                return None
        try:
            return await self._converse(address, heard, letter)
        except WrongState:
            # Somebody took the conversation without our being told yet; or it is over, and his next word begins another.
            handover = await self._agents.look(address)
            if handover is not None:
                await self._ears.keep(address, heard, handover)
            return None

    async def _converse(self, address: Address, heard: Heard, letter: Letter) -> Screen | None:
        given = await self._talk.find(heard)
        if given is not None:
            shown = await self._talk.hand(address, heard, given)
            handover = await self._shop.read(find_handover, address)
            return shown if handover is None else await self._call_agent(address, heard, shown)
        if heard.what is What.SAID:
            spoken = _Spoken(Kind.TEXT, heard.text)
            meant = await self._numbers.read(spoken, address, letter.received_at)
            if meant.content is None:
                await self._talk.show_text(address, heard, meant.text or "")
                return None
            screen = await self._ask(heard, meant.content, meant.notice)
        else:
            screen = await self._take_file(address, heard)
        if self._has_agents and await self._asks_for_a_person(heard, screen):
            return await self._hand_over(address, heard)
        return await self._talk.show(address, heard, screen)

    async def _take_file(self, address: Address, heard: Heard) -> Screen:
        say = await self._talk.say(address)
        try:
            upload = await self._files.fetch(heard) if heard.what is What.SENT else None
        except TooLarge:
            return await self._cannot_read(
                address, say, say("error.threads.file_too_large", most=LARGEST_FILE >> 20)
            )
        if upload is None:
            return await self._cannot_read(address, say, say("wecom.unreadable"))
        return await self._ask(heard, upload)

    async def _cannot_read(self, address: Address, say: Phrases, why: str) -> Screen:
        """Say so; whatever was asked stays asked."""
        where = {"channel": address.channel, "external_id": address.external_id}
        asked = await self._shop.read(prompts.asked, **where)
        row = (LinkButton(say("home.support"), link("support")), LinkButton(say("button.home"), link("home")))
        return Screen((Line(why),), (row,), kept=asked)

    async def _ask(self, heard: Heard, content: Link | Text | Upload, notice: str = "") -> Screen:
        """What the shop says to a message, under a notice of ours."""
        name = heard.person[-SHOWN_ID:]
        incoming = Incoming(self.name, heard.person, name, "zh", content, message=heard.message)
        screen = await self._answer(self._shop, incoming)
        return replace(screen, lines=(Line(notice, Style.STRONG), *screen.lines)) if notice else screen

    async def _welcome(self, address: Address, heard: Heard) -> Screen | None:
        """The first screen, or the one that a code on a poster leads to; only where it may be said."""
        if not self._talk.is_fresh(heard) or await self._shop.read(find_handover, address) is not None:
            return None
        given = await self._talk.find(heard)
        try:
            if given is not None:
                return await self._talk.hand(address, heard, given)
            screen = await self._ask(heard, Link(link_of(heard.text) or "home"))
            return await self._talk.show(address, heard, screen)
        except WrongState:
            return None

    # ------------------------------------------------------------------------------------------ hand-over

    async def _hand_over(self, address: Address, heard: Heard) -> Screen | None:
        """Say that a person will be there, then have one: afterwards nothing can be said."""
        await self._shop.write(ask, address, heard.message)
        say = await self._talk.say(address)
        screen = Screen(
            (Line(say("wecom.handing_over"), Style.TITLE), Line(say("wecom.write_on"))), slot=None
        )
        return await self._call_agent(address, heard, await self._talk.show(address, heard, screen))

    async def _call_agent(self, address: Address, heard: Heard, shown: Screen | None) -> Screen | None:
        try:
            await self._agents.call(address)
        except Refused as error:
            # Nobody is there to take it: then our own staff are written to, as everywhere else.
            _log.warning("wecom.no_agent", channel=self.name, code=error.code)
            shown = await self._offer_staff(address, heard)
            await self._shop.write(take_back, address, str(error))
        return shown

    async def _offer_staff(self, address: Address, heard: Heard) -> Screen | None:
        given = await self._talk.find(heard, "-2")
        if given is not None:
            return await self._talk.hand(address, heard, given, part="-2")
        notice = (await self._talk.say(address))("wecom.no_agent")
        screen = await self._ask(heard, Link(link("support")), notice)
        return await self._talk.show(address, heard, screen, part="-2")

    async def _given_back(self, address: Address, heard: Heard) -> Screen | None:
        await self._shop.write(take_back, address)
        if not self._talk.is_fresh(heard):
            return None
        notice = (await self._talk.say(address))("wecom.given_back")
        screen = await self._ask(heard, Link("home"), notice)
        try:
            return await self._talk.show(address, heard, screen)
        except WrongState:
            return None

    async def _asks_for_a_person(self, heard: Heard, screen: Screen) -> bool:
        """Whether he is where one writes to the staff, and has not just written to them."""
        if screen.prompt is None or not takes_files(screen.prompt.link):
            return False
        return await self._shop.read(find_by_key, f"{self.name}:{heard.message}") is None
