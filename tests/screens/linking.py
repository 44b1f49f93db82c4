"""One person in two places: a code links them, and one leaves again."""

from __future__ import annotations

from tests.screens.goods import MONTH
from tests.screens.person import Cast, Person
from tests.screens.registry import journey
from tests.screens.scenes import at_the_bill


async def _both(cast: Cast) -> tuple[Person, Person]:
    """Who has bought something here, and the same one elsewhere; both have said yes but for the last time."""
    person = await at_the_bill(cast, MONTH)
    await person.pay()
    there = await cast.elsewhere()
    await there.come()
    await there.press("home.balance")
    await there.press("pairing.button")
    await there.press("pairing.make")
    code = there.find("pairing.copy").value
    await person.come()
    await person.press("home.balance")
    await person.press("pairing.button")
    await person.type("AAAAAA")
    await person.type(code)
    await person.press("pairing.yes")
    await there.look()
    return person, there


@journey(
    "linking",
    "关联另一个渠道：订单和卡密两边都有",
    "Linking another channel: orders and codes in both places",
)
async def linking(cast: Cast) -> None:
    person, there = await _both(cast)
    await there.press("pairing.sure")
    await person.look()
    await there.press("home.orders")
    await there.press("order.delivered.short")
    await there.press("order.reveal")


@journey("linking-refused", "关联：不是我", "Linking: that is not me")
async def refused(cast: Cast) -> None:
    person, there = await _both(cast)
    await there.press("pairing.no")
    await person.look()


@journey("unlinking", "解除一个渠道：订单和余额留下", "Unlinking a channel: orders and balance stay")
async def unlinking(cast: Cast) -> None:
    person, there = await _both(cast)
    await there.press("pairing.sure")
    await person.look()
    await there.type("关联" if cast.language == "zh" else "link")
    await there.press("parting.button")
    await there.press("parting.one")
    await there.press("button.back")
    await there.press("parting.button")
    await there.press("parting.one")
    await there.press("parting.yes")
    await person.look()
    await there.press("button.home")
    await there.press("home.orders")
