"""Two customers from hello to the code, or the money back, and what the staff see of it, over the very paths people use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import httpx

from bot.demo.visitor import DemoFailed, Seen, Visitor

Tell = Callable[[str], None]


async def play(base_url: str, tell: Tell) -> None:
    """Play it, telling every line.

    Raises:
        DemoFailed: No code arrived.
    """
    async with Visitor("顾客", base_url, "/chat") as customer:
        tell("── 顾客（网页聊天）")
        screen = _heard(tell, await customer.hello())
        screen = await _press(tell, customer, screen, "爱奇艺黄金会员")
        screen = await _press(tell, customer, screen, "买 1 张")
        number = str(screen.frame["slot"]).removeprefix("order:")
        await _pay(tell, screen.button("去付款")["url"])
        screen = _heard(tell, await customer.screen())
        screen = await _press(tell, customer, screen, "查看卡密")
        if len(screen.codes) != 1:
            raise DemoFailed("the code did not arrive")
    # Somebody else: nobody presses so much in so short a time.
    async with Visitor("顾客", base_url, "/chat") as other:
        await other.hello()
        bought, refunded = await _play_upstream(tell, other)
    async with Visitor("店主", base_url, "/staff") as owner:
        tell("── 店主")
        await owner.hello()
        await _say(tell, owner, f"/order {number}")
        for order in (bought, refunded):
            await _say(tell, owner, f"/why {order}")
        await _say(tell, owner, "/verify")


async def _play_upstream(tell: Tell, customer: Visitor) -> tuple[str, str]:
    """What nobody stocks: bought from the second upstream, as the first has none; and what none of them has."""
    tell("── 另一位顾客：没有库存的，付款后向上游现买；第一家不卖，第二家卖")
    bought = await _buy_upstream(tell, customer, "Spotify")
    screen = await _press(tell, customer, _heard(tell, await customer.screen()), "查看卡密")
    if len(screen.codes) != 1:
        raise DemoFailed("the code was not bought")
    tell("── 上游都不卖的：钱退回余额")
    refunded = await _buy_upstream(tell, customer, "Netflix")
    screen = _heard(tell, await customer.screen())
    if screen.codes or not any("退" in line for line in screen.lines):
        raise DemoFailed("the money did not come back")
    return bought, refunded


async def _buy_upstream(tell: Tell, customer: Visitor, words: str) -> str:
    """Find by search what nobody stocks, and pay for it. Returns the order's number."""
    screen = _heard(tell, await customer.say(words))
    screen = await _press(tell, customer, screen, words)
    screen = await _press(tell, customer, screen, "买 1 张")
    number = str(screen.frame["slot"]).removeprefix("order:")
    await _pay(tell, screen.button("去付款")["url"])
    return number


async def _press(tell: Tell, visitor: Visitor, screen: Seen, text: str) -> Seen:
    tell(f"{visitor.name} › [ {screen.button(text)['text']} ]")
    return _heard(tell, await visitor.press(screen, text))


async def _say(tell: Tell, visitor: Visitor, text: str) -> Seen:
    tell(f"{visitor.name} › {text}")
    return _heard(tell, await visitor.say(text))


async def _pay(tell: Tell, url: str) -> None:
    """Press "pay" on the cashier's page, as a browser without JavaScript would."""
    tell(f"顾客 › 在收银台付款  {url}")
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        try:
            page = await browser.get(url)
            (await browser.post(page.url, data={"do": "pay"})).raise_for_status()
        except httpx.HTTPError as error:
            raise DemoFailed(f"the cashier took no money: {error}") from error


def _heard(tell: Tell, screen: Seen) -> Seen:
    for line in _drawn(screen):
        tell(f"    {line}")
    tell("")
    return screen


def _drawn(screen: Seen) -> Sequence[str]:
    rows = ["  ".join(f"[ {button['text']} ]" for button in row) for row in screen.frame["screen"]["rows"]]
    qr = ["(QR)"] if screen.frame["screen"]["qr"] else []
    return [*screen.lines, *qr, *rows]
