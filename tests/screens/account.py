"""What is the person's own: his settings, and what the shop holds of him."""

from __future__ import annotations

from tests.screens.goods import MONTH
from tests.screens.person import Cast
from tests.screens.registry import journey
from tests.screens.scenes import at_the_bill


@journey("my-data", "导出、删除我的资料", "Getting and erasing my data")
async def my_data(cast: Cast) -> None:
    person = await at_the_bill(cast, MONTH)
    await person.pay()
    await person.come()
    await person.press("home.balance")
    await person.press("settings.title")
    await person.press("my_data.title")
    await person.press("my_data.get")
    await person.press("button.back")
    await person.press("erase.button")
    await person.press("erase.yes")
    await person.come()


@journey("settings", "设置：时区，通知，免打扰", "Settings: time zone, notifications, quiet hours")
async def settings(cast: Cast) -> None:
    person = await cast.customer()
    await person.come()
    await person.press("home.balance")
    await person.press("settings.title")
    await person.press("settings.zone")
    await person.type("Atlantis")
    await person.type("Tokyo")
    await person.press("notices.title")
    await person.press("notices.progress")
    await person.press("button.back")
    await person.press("settings.quiet")
    await person.press("23 点到 8 点" if cast.language == "zh" else "23:00 to 8:00")
