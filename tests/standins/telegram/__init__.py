"""A stand-in for the Telegram Bot API, written from the vendor's reference; imports nothing of the shop's.

    with TelegramStandIn() as tg:
        bot = telegram.Bot(tg.token, base_url=tg.base_url, base_file_url=tg.base_file_url)
        user = tg.user(first_name="小明", language_code="zh-hans")
        user.start("p_12")
        user.wait_for("云卡小铺")
        user.press("买 1 张 ¥15.00")

``telegram_process()`` gives the same as a process of its own, which survives the shop's being killed.
"""

from tests.standins.telegram.driver import DEFAULT_TOKEN, RemoteTelegram, TelegramDriver
from tests.standins.telegram.person import NeverShownError, Pressed, TelegramUser, render_transcript
from tests.standins.telegram.refusals import ImpossibleError
from tests.standins.telegram.shown import Answer, Button, Call, ShownFile, ShownMessage
from tests.standins.telegram.standin import TelegramStandIn, telegram_process

__all__ = [
    "DEFAULT_TOKEN",
    "Answer",
    "Button",
    "Call",
    "ImpossibleError",
    "NeverShownError",
    "Pressed",
    "RemoteTelegram",
    "ShownFile",
    "ShownMessage",
    "TelegramDriver",
    "TelegramStandIn",
    "TelegramUser",
    "render_transcript",
    "telegram_process",
]
