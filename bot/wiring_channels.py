"""The channels of the config, put together: what each says in its own words, and who answers on it."""

from __future__ import annotations

from functools import partial
from typing import Final

from admin_cmds import desk
from admin_cmds.menu import list_menus
from admin_cmds.telling import news_screen
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.settings import Hook, TelegramSettings, TelegramWords
from bot.channels.webchat.channel import WebChatChannel, WebChatSettings
from bot.channels.webchat.words import ChatWords
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.settings import Mode, Profile, Template, WeChatSettings
from bot.channels.wecom.channel import WeComChannel
from bot.channels.wecom.settings import WeComSettings
from bot.config import Config, TelegramConfig
from bot.config_gateways import StarsConfig
from bot.config_webchat import ThemeConfig, WebchatConfig
from bot.config_wechat import WechatConfig
from bot.config_wecom import WecomConfig
from bot.outside import Outside
from handlers.words import Words
from shop_core.db.shop import Shop
from shop_core.kernel.secret import Secret

PAGE_WORDS: Final = (
    "send",
    "placeholder",
    "reconnecting",
    "copied",
    "reveal",
    "processing",
    "expired",
    "attach",
    "unsent",
    "connecting",
    "no_copy",
    "deadline",
    "left",
    "too_big",
    "newer",
    "me",
    "conversation",
    "open_shop",
    "close",
    "has_news",
    "no_cookie",
    "own_window",
)
"""The web chat's own words, under ``page.`` in the catalogue."""

_FILLED_BY_PAGE: Final = {name: f"{{{name}}}" for name in ("time", "left", "shop")}
"""Placeholders that the page fills by itself: they reach it as they are."""

COMMANDS: Final = ("start", "orders", "help", "paysupport", "language")
"""The menu that a Telegram bot shows to everybody, under ``menu.`` in the catalogue."""


def telegram(
    config: Config, name: str, settings: TelegramConfig, shop: Shop, outside: Outside
) -> TelegramChannel:
    """A bot, with its menus and words."""
    words = shop.get(Words)
    languages = shop.policy.languages
    spoken = TelegramWords(
        commands={
            language: {command: words.to(language)(f"menu.{command}") for command in COMMANDS}
            for language in languages
        },
        processing={language: words.to(language)("page.processing") for language in languages},
        too_large={language: words.to(language)("error.file_too_large") for language in languages},
    )
    return TelegramChannel(
        TelegramSettings(
            name=name,
            token=settings.token,
            words=spoken,
            api_base_url=settings.api_base_url,
            pauses=outside.pauses,
            rates=outside.rates,
            staff_menus=partial(list_menus, shop, name),
            hook=_hook(config, name, settings),
            stars=next(
                (way for way in settings.gateways if isinstance(config.gateways[way], StarsConfig)), None
            ),
            httpx_kwargs=outside.telegram,
        ),
        shop,
        desk.answer,
    )


def _hook(config: Config, name: str, settings: TelegramConfig) -> Hook | None:
    """Where Telegram brings updates; the config's own check has seen that a webhook has both of what it needs."""
    public_url, secret = config.http.public_url, settings.webhook_secret
    if settings.mode == "polling" or public_url is None or secret is None:
        return None
    return Hook.of(name, public_url, secret)


def wechat(name: str, settings: WechatConfig, shop: Shop, outside: Outside) -> WeChatChannel:
    """An official account."""
    nothing, template = Secret(""), None
    if settings.template_id is not None:
        template = Template(settings.template_id, settings.template_fields or {})
    return WeChatChannel(
        WeChatSettings(
            name=name,
            app_id=settings.app_id,
            app_secret=settings.app_secret or nothing,
            token=settings.token,
            aes_key=settings.encoding_aes_key or nothing,
            mode=Mode(settings.mode),
            profile=Profile(settings.profile),
            menu=settings.menu,
            template=template,
            api_base_url=settings.api_base_url,
            patience_s=outside.wechat_patience_s,
            call_s=outside.wechat_call_s,
            httpx_kwargs=outside.wechat,
        ),
        shop,
        desk.answer,
        news_screen,
    )


def wecom(config: Config, name: str, settings: WecomConfig, shop: Shop, outside: Outside) -> WeComChannel:
    """A customer service account. The app's others may be called at its address, too."""
    beside = {
        other.open_kfid: channel
        for channel, other in config.channels.items()
        if isinstance(other, WecomConfig) and other.corp_id == settings.corp_id
    }
    return WeComChannel(
        WeComSettings(
            name=name,
            corp_id=settings.corp_id,
            secret=settings.secret,
            token=settings.token,
            aes_key=settings.encoding_aes_key,
            open_kfid=settings.open_kfid,
            has_agents=settings.hand_over == "agents",
            agent=settings.agent,
            beside=beside,
            api_base_url=settings.api_base_url,
            call_s=outside.wechat_call_s,
            poll_s=outside.wecom_poll_s,
            look_s=outside.timing.poll_s,
            httpx_kwargs=outside.wechat,
        ),
        shop,
        desk.answer,
    )


def webchat(
    config: Config, name: str, settings: WebchatConfig, shop: Shop, outside: Outside
) -> WebChatChannel:
    """A web chat, with the owner's own face."""

    def words(language: str) -> ChatWords:
        say = shop.get(Words).to(language)
        page = {word: say(f"page.{word}", **_FILLED_BY_PAGE) for word in PAGE_WORDS}
        return ChatWords(
            page,
            slow_down=say("error.slow_down"),
            too_long=say("error.too_long"),
            no_file=say("error.no_files"),
            no_answer=say("error.no_answer"),
        )

    theme = settings.theme or ThemeConfig()
    return WebChatChannel(
        WebChatSettings(
            name,
            settings.session_secret,
            config.http.public_url,
            staff=outside.staff_pane,
            most=outside.most,
            sites=settings.sites,
            theme=theme.theme(),
        ),
        shop if theme.name is None else shop.called(theme.name),
        answer=desk.answer,
        words=words,
    )
