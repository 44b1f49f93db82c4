"""What a platform's terms say to what the owner has chosen: told in the log at each start, and by ``kapu check-config``."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import Config, TelegramConfig
from bot.config_wechat import WechatConfig
from bot.config_wecom import WecomConfig


def platform_warnings(config: Config) -> Iterator[str]:
    """One line for each choice that is the owner's own risk."""
    for name, channel in config.channels.items():
        if isinstance(channel, TelegramConfig) and channel.other_ways_to_pay:
            yield (
                f"channels.{name}.other_ways_to_pay is true: Telegram's terms for bots (6.2) allow nothing but Stars for"
                " digital goods; a bot that shows other ways to pay may be hidden or closed"
            )
        if isinstance(channel, WechatConfig | WecomConfig) and channel.sells_virtual_goods:
            yield (
                f"channels.{name}.sells_virtual_goods is true: whether codes may be sold inside WeChat depends on"
                " WeChat's operation rules and on what your merchant account is licensed for; it may be limited or closed"
            )
