"""Notifications: what a merchant is told about a payment, and how often it is told again."""

import asyncio
import dataclasses
import datetime as dt
import itertools
import logging
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import httpx

from bot.sandbox.cashier import signing
from bot.sandbox.cashier.orders import Order, shortest
from bot.sandbox.cashier.settings import Settings

PAID = "TRADE_SUCCESS"
WRONG_SIGN = "0" * 32
_SHOWN_BODY_CHARACTERS = 200

_log = logging.getLogger("cashier.notify")


def notification(order: Order, settings: Settings, status: str = PAID) -> dict[str, str]:
    """Write the signed parameters that tell about an order; the browser's return carries the same.

    Empty values are sent, and are no part of what is signed.
    """
    money = shortest(order.money) if settings.money_text == "shortest" else order.money
    params = {
        "pid": settings.pid,
        "trade_no": order.trade_no,
        "out_trade_no": order.draft.out_trade_no,
        "type": order.method,
        "name": order.draft.name,
        "money": money,
        "trade_status": status,
        "param": order.draft.param,
    }
    return signing.with_signature(params, settings.key)


def with_query(url: str, params: Mapping[str, str]) -> str:
    """Append parameters to an address that may have a query already."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One notification to be delivered: where, what, how long from now, and how often at most."""

    url: str
    params: Mapping[str, str]
    delay_s: float = 0.0
    retry_after_s: tuple[float, ...]
    success_word: str
    timeout_s: float


def letter(order: Order, params: Mapping[str, str], settings: Settings, *, delay_s: float = 0.0) -> Letter:
    """Address a notification about an order as this site would."""
    return Letter(
        url=order.draft.notify_url,
        params=params,
        delay_s=delay_s,
        retry_after_s=settings.retry_after_s,
        success_word=settings.success_word,
        timeout_s=settings.notify_timeout_s,
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to deliver a letter, and what came back: a status and body, or the reason why nothing did."""

    letter: int
    number: int
    sent_at: dt.datetime
    url: str
    params: Mapping[str, str]
    http_status: int | None
    answer: str
    accepted: bool


class Notifier:
    """Delivers letters in the background, each in its own task, and remembers every try.

    Use as an async context manager; leaving it drops what is still to be delivered.
    """

    def __init__(self) -> None:
        """Start with nothing sent."""
        self.attempts: list[Attempt] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        # A proxy named in the environment must not see loopback traffic. Sites do not follow redirects.
        self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)

    async def __aenter__(self) -> Self:
        """Nothing to open: connections are made when they are needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop what is under way and close the connections."""
        await self.clear()
        await self._client.aclose()

    @property
    def pending(self) -> int:
        """How many letters will still be tried."""
        return len(self._tasks)

    def send(self, letter: Letter) -> None:
        """Begin to deliver a letter; two calls are two letters, delivered side by side."""
        task = asyncio.create_task(self._deliver(next(self._numbers), letter))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def clear(self) -> None:
        """Drop what is under way and forget what was sent."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.attempts.clear()

    async def _deliver(self, serial: int, letter: Letter) -> None:
        await asyncio.sleep(letter.delay_s)
        for number, wait_s in enumerate(letter.retry_after_s, start=1):
            await asyncio.sleep(wait_s)
            attempt = await self._try(serial, number, letter)
            self.attempts.append(attempt)
            _log.info("notify", extra={"fields": _logged(attempt)})
            if attempt.accepted:
                return

    async def _try(self, serial: int, number: int, letter: Letter) -> Attempt:
        sent_at = dt.datetime.now(dt.UTC)
        http_status: int | None = None
        try:
            reply = await self._client.get(with_query(letter.url, letter.params), timeout=letter.timeout_s)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            answer = type(error).__name__
        else:
            http_status, answer = reply.status_code, reply.text
        return Attempt(
            letter=serial,
            number=number,
            sent_at=sent_at,
            url=letter.url,
            params=letter.params,
            http_status=http_status,
            answer=answer[:_SHOWN_BODY_CHARACTERS],
            accepted=http_status == httpx.codes.OK and answer.strip() == letter.success_word,
        )


def _logged(attempt: Attempt) -> dict[str, object]:
    return {
        "out_trade_no": attempt.params["out_trade_no"],
        "attempt": attempt.number,
        "status": attempt.http_status,
        "accepted": attempt.accepted,
    }
