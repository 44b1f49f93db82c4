"""One buyer, one code, or one account to be topped up: what he wants, what he does next, and that he does not give up."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from tests.proof.premises import PHONE
from tests.proof.sights import BILL, Choice, Customer, Sight, Stage

PATIENCE_S = 3.0
"""Somebody who sees nothing for so long presses again."""
MOST_TRIES = 12


class NoCode(AssertionError):
    """The buyer has pressed everything again and again and holds no code."""


@dataclass(slots=True)
class Purchase:
    """A buyer on his way.

    Attributes:
        way: The words on the button that he pays with, where he is asked; None: he is not.
        paid_urls: Where he has paid, once each.
        codes: Every code that he was ever shown.
    """

    customer: Customer
    way: str | None
    patience_s: float = PATIENCE_S
    paid_urls: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    _stage: Stage = Stage.OUTSIDE
    _last: Sight | None = None
    _asking: Choice | None = None

    async def until_held(self) -> None:
        """From hello to the code.

        Raises:
            NoCode: It never came.
        """
        await self.customer.arrive()
        tries = 0
        while self._stage is not Stage.HOLDING_THE_CODE:
            sight = await self.customer.see(lambda seen: seen.stage > self._stage, self.patience_s)
            if sight is None:
                tries += 1
                if tries > MOST_TRIES:
                    raise NoCode(f"stuck at {self._stage.name}; last seen: {self._last}")
                await self._again()
                continue
            self._stage, self._last = sight.stage, sight
            self.codes += sight.codes
            await self._act(sight)

    async def _act(self, sight: Sight) -> None:
        match sight.stage:
            case Stage.HOME:
                await self._press(sight, "月卡")
            case Stage.PRODUCT:
                self._asking = sight.find("充 1 份")
                await self._press(sight, "买 1 张", "充 1 份")
            case Stage.ASKED:
                await self.customer.say(PHONE)
            case Stage.SURE:
                await self._press(sight, "没错，付款")
            case Stage.CHOOSING:
                await self._press(sight, self.way or "刷新")
            case Stage.PAYING:
                await self._pay(sight.pay_url or "")
            case Stage.DELIVERED:
                await self._press(sight, "查看卡密", "查看回执")
            case Stage.HOLDING_THE_CODE | Stage.OUTSIDE:
                pass

    async def _again(self) -> None:
        """Nothing came: press the same again; who has paid says so instead of paying again."""
        if self._last is None:
            await self.customer.arrive()
        elif self._last.stage is Stage.ASKED and self._asking is not None:
            # What he typed may have found nobody who asked.
            await self.customer.press(self._asking)
            await self.customer.say(PHONE)
        elif self._last.stage is Stage.PAYING and not self._may_pay_again(self._last):
            await self._press(self._last, "我已付款")
        else:
            await self._act(self._last)

    def _may_pay_again(self, sight: Sight) -> bool:
        """Whether his client has told him that no money was taken: it knows of bills that it pays itself."""
        return (sight.pay_url or "").startswith(BILL) and not self.paid_urls

    async def _press(self, sight: Sight, *words: str) -> None:
        choice: Choice | None = sight.find(*words) or sight.find("刷新")
        if choice is not None:
            await self.customer.press(choice)

    async def _pay(self, url: str) -> None:
        """Press "pay" on the cashier's page, as a browser without scripts does; once for each address."""
        if url.startswith(BILL):
            if not self.paid_urls and await self.customer.pay_bill():
                self.paid_urls.append(url)
            return
        if url in self.paid_urls:
            return
        self.paid_urls.append(url)
        async with httpx.AsyncClient(trust_env=False, verify=False) as browser:  # noqa: S501  # loopback, http
            (await browser.get(url)).raise_for_status()
            answer = await browser.post(url, data={"do": "pay"})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise AssertionError(f"the cashier answered HTTP {answer.status_code}")
