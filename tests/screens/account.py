"""What is the person's own: his settings, and what the shop holds of him."""

from __future__ import annotations

from tests.screens.goods import MONTH
from tests.screens.person import Cast
from tests.screens.registry import journey
from tests.screens.scenes import at_the_bill


@journey("my-data", "导出我的资料", "Getting my data")
async def my_data(cast: Cast) -> None:
    person = await at_the_bill(cast, MONTH)
    await person.pay()
    await person.come()
    await person.press("home.balance")
    await person.press("settings.title")
    await person.press("my_data.title")
    await person.press("my_data.get")
