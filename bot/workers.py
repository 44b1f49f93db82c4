"""The loops that work off what was stored: messages from people, callbacks, news to consumers, news to people.

Each takes a row under a lease, does the work, and finishes the row with its fence. These are the loops that must go on
whatever happens to one row, so they alone catch everything, and log it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import Final

import structlog

from admin_cmds.telling import progress_screen
from bot.buying import BuyingWork
from bot.channels.channel import Channel, Merging, NewsScreen, Unreachable
from bot.imports import ImportWork
from bot.metrics import Metrics
from bot.timing import Timing
from bot.web.notices import MONEY_LANES, SOURCE_PREFIX, unpack_notice
from bot.web.told import BUYING_LANES, TOLD_PREFIX, unpack_told
from handlers.conversation import lasts, remember_shown
from handlers.screen import Screen
from shop_core.cases.cases import CaseKind, open_case
from shop_core.conversations import prompts
from shop_core.customers.people import Address, mark_unreachable
from shop_core.db import inbox, outbox
from shop_core.db.claims import Fenced
from shop_core.db.inbox import Letter
from shop_core.db.outbox import News
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.messaging import queue
from shop_core.messaging.elsewhere import tell_also, tell_elsewhere
from shop_core.messaging.queue import QueuedMessage
from shop_core.orders.take_payment import take_payment
from shop_core.orders.told import take_told
from shop_core.subscriptions import CONSUMERS
from shop_core.supply.purchases import TOPIC
from shop_core.vault.vault import Vault

PEOPLE_AT_ONCE: Final = 64
"""Letters of people under way in one process: mostly waiting for a gateway or a chat, holding no connection."""
MONEY_AT_ONCE: Final = 4
_LANES: Final = (("", PEOPLE_AT_ONCE), (MONEY_LANES, MONEY_AT_ONCE), (BUYING_LANES, MONEY_AT_ONCE))
"""People and everybody else; and workers of their own for what must not wait behind a crowd."""
BATCH: Final = 10
GIVE_UP_AFTER: Final = 4
"""A person's message that broke so often is dropped, and he asks again; a callback about money is never given up: it
becomes a case, and is tried on."""
_LONGEST_PAUSE_S: Final = 300

log = structlog.get_logger()

DrawNews = Callable[[Shop, QueuedMessage], Awaitable[Screen | None]]


@dataclass(frozen=True, slots=True)
class Workers:
    """Everything that works off stored rows in one process. ``run`` until cancelled; what was taken is finished first."""

    shop: Shop
    channels: Mapping[str, Channel]
    draw_news: DrawNews
    metrics: Metrics
    timing: Timing

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then finish what was taken."""
        async with asyncio.TaskGroup() as group:
            for lanes, at_once in _LANES:
                group.create_task(self._loop(stop, "inbox", self._letter_taker(group, lanes, at_once)))
            group.create_task(self._loop(stop, "outbox", self._some_news))
            group.create_task(self._loop(stop, "messages", self._some_messages))
            group.create_task(self._loop(stop, TOPIC, BuyingWork(self.shop, group).some))
            imports = ImportWork(self.shop, self.channels, progress_screen)
            group.create_task(self._loop(stop, "batches", partial(imports.some, stop)))

    async def _loop(self, stop: asyncio.Event, topic: str, work: Callable[[], Awaitable[bool]]) -> None:
        while not stop.is_set():
            mark = self.shop.database.signals.mark(topic)
            try:
                found = await work()
            except Exception:
                log.exception("worker failed", topic=topic)
                found = False
            if not found and not stop.is_set():
                await self._sleep(stop, topic, mark)

    async def _sleep(self, stop: asyncio.Event, topic: str, mark: int) -> None:
        signals = self.shop.database.signals
        woken = asyncio.ensure_future(signals.wait(topic, since=mark, at_most_s=self.timing.poll_s))
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({woken, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            stopped.cancel()
        # Not awaited one by one: to suppress their cancellation would be to suppress our own.
        await asyncio.wait({woken, stopped})
        if not woken.cancelled():
            woken.result()

    def _letter_taker(
        self, group: asyncio.TaskGroup, lanes: str, at_once: int
    ) -> Callable[[], Awaitable[bool]]:
        """Takes letters and hands each to a task of its own, so many at a time."""
        places = asyncio.Semaphore(at_once)

        async def take() -> bool:
            await places.acquire()
            letter = None
            try:
                letter = await self.shop.write(inbox.take, lease=self.timing.lease, lanes=lanes)
            finally:
                if letter is None:
                    places.release()
            if letter is None:
                return False
            task = group.create_task(self._one_letter(letter))
            task.add_done_callback(lambda _: places.release())
            return True

        return take

    async def _one_letter(self, letter: Letter) -> None:
        began = perf_counter()
        renewing = asyncio.create_task(self._renew(letter))
        try:
            outcome = await self._handle(letter)
        except Exception:
            # Not even handing it back worked: the lease runs out, and somebody takes it again.
            log.exception("letter lost its worker", source=letter.source, letter=letter.id)
            outcome = "lost"
        finally:
            renewing.cancel()
        self.metrics.letters_handled.labels(letter.source, outcome).inc()
        self.metrics.letter_seconds.observe(perf_counter() - began)

    async def _renew(self, letter: Letter) -> None:
        while True:
            await asyncio.sleep(self.timing.lease / timedelta(seconds=1) / 3)
            try:
                await self.shop.write(inbox.renew, letter, lease=self.timing.lease)
            except Fenced:
                return
            except Exception:
                log.exception("lease not renewed", letter=letter.id)

    async def _handle(self, letter: Letter) -> str:
        try:
            shown = await self._work(letter)
            await self.shop.write(_finish, letter, shown)
        except Unreachable:
            await self.shop.write(inbox.finish_letter, letter)
            return "unreachable"
        except RetryLater as error:
            await self._hand_back(letter, timedelta(seconds=error.retry_after_s))
            return "retry"
        except Unknown:
            return await self._again(letter, "unknown")
        except Fenced:
            log.warning("letter was taken over", source=letter.source, letter=letter.id)
            return "fenced"
        except asyncio.CancelledError:
            await self._hand_back(letter, timedelta(0))
            raise
        except Exception:
            log.exception("letter failed", source=letter.source, letter=letter.id, attempt=letter.attempts)
            return await self._again(letter, "failed")
        return "done"

    async def _work(self, letter: Letter) -> Screen | None:
        place = f"inbox:{letter.source}:{letter.external_id}"
        payload = self.shop.get(Vault).open_bytes(letter.payload, place=place)
        if letter.source.startswith(SOURCE_PREFIX):
            await take_payment(self.shop, letter.source.removeprefix(SOURCE_PREFIX), unpack_notice(payload))
            return None
        if letter.source.startswith(TOLD_PREFIX):
            waited = self.shop.clock.now() - letter.received_at
            supplier = letter.source.removeprefix(TOLD_PREFIX)
            await take_told(self.shop, supplier, unpack_told(payload), waited=waited)
            return None
        return await self.channels[letter.source].reply(letter, payload)

    async def _again(self, letter: Letter, outcome: str) -> str:
        is_money = letter.source.startswith((SOURCE_PREFIX, TOLD_PREFIX))
        if letter.attempts >= GIVE_UP_AFTER and not is_money:
            await self.shop.write(inbox.finish_letter, letter)
            return "given_up"
        if letter.attempts >= GIVE_UP_AFTER:
            await self.shop.write(_tell_of_stuck_money, letter)
        await self._hand_back(letter, timedelta(seconds=min(2**letter.attempts, _LONGEST_PAUSE_S)))
        return outcome

    async def _hand_back(self, letter: Letter, pause: timedelta) -> None:
        await self.shop.write(inbox.hand_back, letter, pause=pause)

    async def _some_news(self) -> bool:
        claimed = await self.shop.write(outbox.claim_news, BATCH)
        # Side by side: nothing promises an order among news, and a database that commits many at a time does.
        await asyncio.gather(*(self._consume(news) for news in claimed))
        return bool(claimed)

    async def _consume(self, news: News) -> None:
        try:
            await CONSUMERS[news.consumer](self.shop, news)
        except Fenced:
            log.warning("news was taken over", consumer=news.consumer, news=news.id)
        except Exception:
            log.exception("consumer failed", consumer=news.consumer, news=news.id, attempt=news.attempts)
            await self.shop.write(outbox.postpone, news)

    async def _some_messages(self) -> bool:
        claimed = await self.shop.write(queue.claim_messages, list(self.channels), BATCH)
        of_each: dict[Address, list[QueuedMessage]] = {}
        for message in claimed:
            of_each.setdefault(message.address, []).append(message)
        await asyncio.gather(*(self._send_in_order(messages) for messages in of_each.values()))
        return bool(claimed)

    async def _send_in_order(self, messages: Sequence[QueuedMessage]) -> None:
        """What one person is told, in the order in which it happened; in one message where each message counts."""
        channel = self.channels[messages[0].address.channel]
        parts = [messages] if isinstance(channel, Merging) else [[message] for message in messages]
        for part in parts:
            outcome = await self._try_to_send(channel, part)
            self.metrics.messages_sent.labels(channel.name, outcome).inc(len(part))

    async def _try_to_send(self, channel: Channel, messages: Sequence[QueuedMessage]) -> str:
        shop, address = self.shop, messages[0].address
        about = {"messages": [message.id for message in messages]}
        try:
            screens = [await self.draw_news(shop, message) for message in messages]
            drawn = [
                NewsScreen(one.id, screen)
                for one, screen in zip(messages, screens, strict=True)
                if screen is not None
            ]
            await _send(channel, address, drawn)
            for message, screen in zip(messages, screens, strict=True):
                await shop.write(_mark_sent, message, screen)
        except Unreachable:
            await shop.write(mark_unreachable, address)
            for message in messages:
                await shop.write(tell_elsewhere, message, "unreachable")
            return "unreachable"
        except RetryLater as error:
            await self._postpone(messages, error.reason, error.retry_after_s)
            return "retry"
        except Unknown as error:
            await self._postpone(messages, error.reason)
            return "unknown"
        except Fenced:
            log.warning("message was taken over", **about)
            return "fenced"
        except Exception:
            log.exception("message failed", news=[message.news for message in messages], **about)
            await self._postpone(messages, "failed")
            return "failed"
        return "sent"

    async def _postpone(
        self, messages: Sequence[QueuedMessage], problem: str, retry_after_s: int | None = None
    ) -> None:
        for message in messages:
            await self.shop.write(_put_off, message, problem, retry_after_s)


async def _send(channel: Channel, address: Address, news: Sequence[NewsScreen]) -> None:
    if isinstance(channel, Merging):
        await channel.send_together(address, news)
        return
    for one in news:
        await channel.send(address, one.screen)


def _finish(tx: Tx, letter: Letter, shown: Screen | None) -> None:
    """The message is answered, and what the screen changed about the conversation is kept, together or not at all."""
    if shown is not None:
        channel, _, external_id = letter.lane.partition(":")
        remember_shown(tx, Address(channel, external_id), shown)
    inbox.finish_letter(tx, letter)


def _mark_sent(tx: Tx, message: QueuedMessage, screen: Screen | None) -> None:
    """The news is there; what it asks is asked, unless the person is in the middle of something."""
    queue.mark_sent(tx, message)
    if screen is not None:
        tell_also(tx, message)
    if screen is not None and screen.waits_for is not None:
        where = message.address
        asked = screen.waits_for
        prompts.offer(
            tx, channel=where.channel, external_id=where.external_id, link=asked, lasts=lasts(asked)
        )


def _put_off(tx: Tx, message: QueuedMessage, problem: str, retry_after_s: int | None) -> None:
    """Again later; where else he wants to hear it he need not wait for that."""
    if queue.postpone(tx, message, problem, retry_after_s=retry_after_s):
        tell_also(tx, message)


def _tell_of_stuck_money(tx: Tx, letter: Letter) -> None:
    open_case(tx, CaseKind.CALLBACK, letter.id, {"gateway": letter.source.partition(":")[2]})
