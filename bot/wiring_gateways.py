"""The gateways of the config, put together: the only module that names concrete ones."""

from __future__ import annotations

from typing import Protocol

import httpx

from bot.channels.telegram.stars import StarsGateway, StarsSettings
from bot.config import Config, TelegramConfig
from bot.config_gateways import EpayConfig, StarsConfig, WechatPayConfig
from bot.config_wechat import WechatConfig
from bot.outside import Outside
from shop_core.gateways.epay.account import EpaySettings
from shop_core.gateways.epay.gateway import EpayGateway
from shop_core.gateways.wechatpay.account import WechatPaySettings
from shop_core.gateways.wechatpay.gateway import WechatPayGateway
from shop_core.payments.gateway import Gateway, Gateways
from shop_core.wire.certificates import certificates


class Closing(Protocol):
    """Something that holds connections."""

    async def aclose(self) -> None:
        """Let go of them."""
        ...


def build_gateways(config: Config, outside: Outside) -> tuple[Gateways, tuple[Closing, ...]]:
    """The gateways of the config, and what somebody has to close."""
    closing: list[Closing] = []
    gateways: dict[str, Gateway] = {}
    for name, settings in config.gateways.items():
        match settings:
            case EpayConfig():
                closing.append(client := _client(outside))
                gateways[name] = EpayGateway(_epay(config, name, settings), client)
            case WechatPayConfig():
                closing.append(client := _client(outside))
                gateways[name] = WechatPayGateway(_wechatpay(config, name, settings), client, outside.clock)
            case StarsConfig():
                stars = StarsGateway(_stars(config, name, settings, outside))
                closing.append(stars)
                gateways[name] = stars
    shown_on = {name: channel.gateways for name, channel in config.channels.items()}
    closed = [
        name
        for name, channel in config.channels.items()
        if isinstance(channel, TelegramConfig) and not channel.other_ways_to_pay
    ]
    in_chat = [name for name, settings in config.gateways.items() if isinstance(settings, StarsConfig)]
    return Gateways(gateways, shown_on, closed, in_chat), tuple(closing)


def _client(outside: Outside) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=outside.transport, timeout=10, verify=certificates())


def _stars(config: Config, name: str, settings: StarsConfig, outside: Outside) -> StarsSettings:
    """The Stars of the bot that lists them; the config's own check has seen that one does."""
    [bot] = [
        channel
        for channel in config.channels.values()
        if isinstance(channel, TelegramConfig) and name in channel.gateways
    ]
    return StarsSettings(
        name=name,
        token=bot.token,
        rate=settings.worth,
        rate_source=settings.rate_source,
        rate_at=settings.read_at,
        prices=settings.hand_set(),
        api_base_url=bot.api_base_url,
        httpx_kwargs=outside.telegram,
    )


def _epay(config: Config, name: str, settings: EpayConfig) -> EpaySettings:
    base = config.http.base_url
    return EpaySettings(
        name=name,
        base_url=settings.base_url,
        pid=settings.pid,
        key=settings.key,
        method=settings.type,
        mode=settings.mode,
        success_word=settings.success_word,
        fields=settings.fields,
        currency=config.shop.currency,
        notify_url=f"{base}/gateways/{name}/callback",
        return_url=f"{base}/pay/return",
    )


def _wechatpay(config: Config, name: str, settings: WechatPayConfig) -> WechatPaySettings:
    """The config's own check has seen that a WeChat channel that lists it knows its people by the same AppID."""
    return WechatPaySettings(
        name=name,
        app_id=settings.app_id,
        mchid=settings.mchid,
        serial=settings.serial,
        key=settings.key,
        seal_key=settings.api_v3_key,
        public_key_id=settings.public_key_id,
        public_key=settings.public_key.reveal(),
        notify_url=f"{config.http.base_url}/gateways/{name}/callback",
        inside=frozenset(
            channel
            for channel, its in config.channels.items()
            if isinstance(its, WechatConfig) and name in its.gateways
        ),
        base_url=settings.api_base_url,
    )
