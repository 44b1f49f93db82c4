"""What a buyer sees, on any channel, and what he does about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol


class Stage(IntEnum):
    """How far a purchase has come, as far as its buyer can see. It never goes back."""

    OUTSIDE = 0
    HOME = 1
    PRODUCT = 2
    ASKED = 3
    SURE = 4
    CHOOSING = 5
    PAYING = 6
    DELIVERED = 7
    HOLDING_THE_CODE = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """A button; ``where`` is the message that it is on, for channels that want to know."""

    text: str
    link: str
    where: int = 0


@dataclass(frozen=True, slots=True)
class Sight:
    """One screen."""

    text: str
    choices: tuple[Choice, ...]
    codes: tuple[str, ...]
    pay_url: str | None

    def find(self, *words: str) -> Choice | None:
        """The button with one of these words on it."""
        return next((choice for choice in self.choices if any(one in choice.text for one in words)), None)

    @property
    def stage(self) -> Stage:
        """Recognised by what can be done, as a person does."""
        if self.codes:
            return Stage.HOLDING_THE_CODE
        if self.pay_url and not self.find(*_SIGNS[Stage.DELIVERED]):
            return Stage.PAYING
        if "请发来要充值的" in self.text:
            return Stage.ASKED
        return next((stage for stage, words in _SIGNS.items() if self.find(*words)), Stage.OUTSIDE)


_SIGNS: Final = {
    Stage.DELIVERED: ("查看卡密", "查看回执"),
    Stage.CHOOSING: ("取消订单",),
    Stage.SURE: ("没错，付款",),
    Stage.PRODUCT: ("买 1 张", "充 1 份"),
    Stage.HOME: ("月卡",),
}
"""What is on a button there, the furthest first."""

BILL: Final = "bill:"
"""What the place to pay begins with where the chat itself takes the money."""

Wanted = Callable[[Sight], bool]


class Customer(Protocol):
    """Somebody in a chat with the shop, who notices nothing of its process but that it is slow at times."""

    async def arrive(self) -> None:
        """Open the chat."""
        ...

    async def press(self, choice: Choice) -> None:
        """Press a button."""
        ...

    async def say(self, text: str) -> None:
        """Type something."""
        ...

    async def see(self, wanted: Wanted, within_s: float) -> Sight | None:
        """The next screen that fits, or None: nothing came."""
        ...

    async def pay_bill(self) -> bool:
        """Pay the bill that is in the chat. False: there is none, or no money was taken."""
        ...

    async def leave(self) -> None:
        """Close the chat."""
        ...


_PAY_URL = re.compile(r"http://127\.0\.0\.1:\d+/pay/\d+")


def find_pay_url(text: str) -> str | None:
    """Where the money is to be paid, if the text says so."""
    found = _PAY_URL.search(text)
    return found[0] if found else None
