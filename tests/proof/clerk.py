"""Somebody of the staff who tops up by hand: he is told, takes the task, does it, says so, and does not give up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum

from admin_cmds.links import link_to
from shop_core.catalog.edit import set_fields
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.db.tx import Tx
from shop_core.delivery.kinds import change_kind
from tests.proof.customers import PageCustomer
from tests.proof.premises import CLERK, PHONE, RECEIPT, Premises
from tests.proof.sights import Choice, Sight

MOST_TRIES = 12
_QUEUE = Choice("", link_to("queue"))


def top_up_by_hand(tx: Tx, variant_id: int) -> None:
    """Nobody sells it to the shop: staff do it, on the account that the buyer names."""
    change_kind(tx, variant_id, GoodsKind.TOP_UP)
    set_fields(tx, variant_id, (Field("phone", {"zh": "手机号"}, FieldKind.PHONE),))


class _Stage(IntEnum):
    """How far his task has come, as far as he can see. It never goes back."""

    NOTHING = 0
    LISTED = 1
    FREE = 2
    MINE = 3
    LOOKED = 4
    ASKED = 5
    OVER = 6


@dataclass(slots=True)
class Clerk:
    """At the page of the shop, signed in as its owner.

    Attributes:
        topped_up: The account as he was shown it, each time that he set out to top it up.
    """

    page: PageCustomer
    patience_s: float
    topped_up: list[str] = field(default_factory=list)
    _stage: _Stage = _Stage.NOTHING
    _last: Sight | None = None
    _mine: Sight | None = None

    async def until_over(self) -> None:
        """From the news that somebody has paid to an empty queue."""
        await self.page.arrive()
        tries = 0
        while self._stage is not _Stage.OVER:
            sight = await self.page.see(lambda seen: self._stage_of(seen) > self._stage, self.patience_s)
            if sight is None:
                tries += 1
                if tries > MOST_TRIES:
                    raise AssertionError(f"the clerk is stuck at {self._stage.name}: {self._last}")
                await self._again()
                continue
            self._stage, self._last = self._stage_of(sight), sight
            await self._act(sight)
        await self.page.leave()

    def _stage_of(self, sight: Sight) -> _Stage:
        if sight.find("我来充"):
            return _Stage.FREE
        if sight.find("没有回执"):
            return _Stage.ASKED
        if sight.find("已充好"):
            return _Stage.LOOKED if sight.codes else _Stage.MINE
        if any(choice.link.startswith(link_to("task", "show")) for choice in sight.choices):
            return _Stage.LISTED
        # Before he has done anything, an empty queue is one that nobody is in yet.
        return _Stage.OVER if self.topped_up and "没有待充值" in sight.text else _Stage.NOTHING

    async def _act(self, sight: Sight) -> None:
        match self._stage:
            case _Stage.LISTED:
                await self.page.press(
                    next(one for one in sight.choices if one.link.startswith(link_to("task", "show")))
                )
            case _Stage.FREE:
                await self._press(sight, "我来充")
            case _Stage.MINE:
                self._mine = sight
                await self._press(sight, "看完整账号")
            case _Stage.LOOKED:
                self.topped_up += sight.codes
                await self._press(sight, "已充好")
            case _Stage.ASKED:
                await self.page.say(RECEIPT)
            case _Stage.NOTHING | _Stage.OVER:
                pass

    async def _again(self) -> None:
        """Nothing came: he looks into the queue; and presses the same again, or says it."""
        await self.page.press(_QUEUE)
        if self._last is None:
            return
        if self._stage is _Stage.ASKED and self._mine is not None:
            # What he typed may have found nobody who asked.
            await self._press(self._mine, "已充好")
            await self.page.say(RECEIPT)
        elif self._stage is not _Stage.LOOKED:
            await self._act(self._last)
        else:
            await self._press(self._last, "已充好")

    async def _press(self, sight: Sight, words: str) -> None:
        choice = sight.find(words)
        assert choice is not None
        await self.page.press(choice)

    def faults(self) -> list[str]:
        """Whatever is wrong with what he was made to do."""
        return [] if self.topped_up == [PHONE] else [f"the clerk topped up {len(self.topped_up)} accounts"]


@asynccontextmanager
async def a_clerk(premises: Premises, patience_s: float) -> AsyncIterator[Clerk]:
    """At his desk for as long as he is needed."""
    clerk = Clerk(PageCustomer(premises, CLERK), patience_s)
    try:
        yield clerk
    finally:
        await clerk.page.leave()
