"""A bot's statement of Stars, read from where it was read last: Telegram can be asked for no single payment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from telegram import StarTransaction, StarTransactions, TransactionPartnerUser

from bot.channels.telegram.parse import STARS
from shop_core.kernel.money import Money
from shop_core.payments.gateway import Notice

PAGE: Final = 100
"""The most that one call tells."""
STEP_BACK: Final = 1000
"""Transactions read before the end when a process starts: a payment is asked about for a day, this is days of a busy bot."""

MOST_KEPT: Final = 10_000
"""Payments kept in memory, the latest."""

Read = Callable[[int, int], Awaitable[StarTransactions]]
"""Offset and limit → transactions, oldest first."""


class Statement:
    """The incoming payments of late, by the number on their bill.

    Nothing that another process would need: each reads the statement for itself.
    """

    def __init__(self, read: Read) -> None:
        """Read nothing yet."""
        self._read = read
        self._lock = asyncio.Lock()
        self._begun = self._done = 0
        self._next: int | None = None
        self._paid: dict[str, Notice] = {}

    async def find(self, number: str) -> Notice | None:
        """A payment that is in and was not given back; None if there is none as of now.

        Those who ask while somebody else's reading has not begun share it.
        """
        wanted = self._begun + 1
        async with self._lock:
            if self._done < wanted:
                self._begun += 1
                await self._read_on()
                self._done = self._begun
        return self._paid.get(number)

    async def _read_on(self) -> None:
        if self._next is None:
            self._next = max(0, await self._find_end() - STEP_BACK)
        while True:
            page = (await self._read(self._next, PAGE)).transactions
            for transaction in page:
                self._take(transaction)
            self._next += len(page)
            if len(page) < PAGE:
                break
        while len(self._paid) > MOST_KEPT:
            del self._paid[next(iter(self._paid))]

    def _take(self, transaction: StarTransaction) -> None:
        partner = transaction.source
        if isinstance(partner, TransactionPartnerUser) and partner.invoice_payload:
            amount = Money(transaction.amount, STARS)
            number = partner.invoice_payload
            self._paid[number] = Notice(number, transaction.id, amount, paid=True, payer=str(partner.user.id))
        elif transaction.source is None:
            # The same id as the payment's: it went back, whoever sent it.
            self._paid = {
                number: notice
                for number, notice in self._paid.items()
                if notice.external_ref != transaction.id
            }

    async def _find_end(self) -> int:
        """How many transactions there are: doubling until past the end, then halving."""
        past = 1
        while (await self._read(past - 1, 1)).transactions:
            past *= 2
        low, high = past // 2, past - 1
        while low < high:
            middle = (low + high) // 2
            if (await self._read(middle, 1)).transactions:
                low = middle + 1
            else:
                high = middle
        return low
