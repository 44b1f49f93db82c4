"""What came in: messages from people, and what gateways and suppliers told, each answered or booked once.

A letter is taken under a lease, worked on in a task of its own, and finished with its fence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import Final

import structlog

from bot.channels.channel import Channel, Unreachable
from bot.metrics import Metrics
from bot.timing import Timing
from bot.web.notices import MONEY_LANES, SOURCE_PREFIX, unpack_notice
from bot.web.told import BUYING_LANES, TOLD_PREFIX, unpack_told
from handlers.conversation import remember_shown
from handlers.screen import Screen
from shop_core.cases.cases import CaseKind, open_case
from shop_core.customers.people import Address
from shop_core.db import inbox
from shop_core.db.claims import Fenced
from shop_core.db.inbox import Letter
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.orders.take_payment import take_payment
from shop_core.orders.told import take_told
from shop_core.vault.vault import Vault

PEOPLE_AT_ONCE: Final = 64
"""Letters of people under way in one process: mostly waiting for a gateway or a chat, holding no connection."""
MONEY_AT_ONCE: Final = 4
LANES: Final = (("", PEOPLE_AT_ONCE), (MONEY_LANES, MONEY_AT_ONCE), (BUYING_LANES, MONEY_AT_ONCE))
"""People and everybody else; and workers of their own for what must not wait behind a crowd."""
GIVE_UP_AFTER: Final = 4
"""A person's message that broke so often is dropped, and he asks again; a callback about money is never given up: it
becomes a case, and is tried on."""
_LONGEST_PAUSE_S: Final = 300

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LetterWork:
    """Works on letters in tasks of their own. What breaks is tried again; what is cut off is found by its lease's end."""

    shop: Shop
    channels: Mapping[str, Channel]
    metrics: Metrics
    timing: Timing
    group: asyncio.TaskGroup

    def taker(self, lanes: str, at_once: int) -> Callable[[], Awaitable[bool]]:
        """Takes a letter of some lanes and hands it to a task, so many at a time; says whether there was one."""
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
            task = self.group.create_task(self._one_letter(letter))
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


def _finish(tx: Tx, letter: Letter, shown: Screen | None) -> None:
    """The message is answered, and what the screen changed about the conversation is kept, together or not at all."""
    if shown is not None:
        channel, _, external_id = letter.lane.partition(":")
        remember_shown(tx, Address(channel, external_id), shown)
    inbox.finish_letter(tx, letter)


def _tell_of_stuck_money(tx: Tx, letter: Letter) -> None:
    open_case(tx, CaseKind.CALLBACK, letter.id, {"gateway": letter.source.partition(":")[2]})
