"""The composition root: the only module that names concrete gateways and channels, and puts a shop together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from random import SystemRandom
from typing import Any, Final, Protocol

import httpx
from limits import RateLimitItem
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from admin_cmds import desk
from admin_cmds.menu import list_menus
from admin_cmds.telling import news_screen
from admin_cmds.words import STAFF_WORDS
from bot.channels.channel import Channel
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.pace import Rates
from bot.channels.telegram.settings import Hook, Pauses, TelegramSettings, TelegramWords
from bot.channels.telegram.stars import StarsGateway, StarsSettings
from bot.channels.webchat.channel import WebChatChannel, WebChatSettings
from bot.channels.webchat.socket import MOST_MESSAGES
from bot.channels.webchat.words import ChatWords
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.settings import Mode, Profile, Template, WeChatSettings
from bot.config import Config, EpayConfig, StarsConfig, TelegramConfig
from bot.config_webchat import ThemeConfig, WebchatConfig
from bot.config_wechat import WechatConfig
from bot.metrics import Metrics
from bot.timing import Timing
from bot.web.app import WebMetrics, build_app
from bot.web.pay_page import PayPages
from bot.web.upload_page import UploadPages
from bot.wiring_suppliers import supplier_of
from handlers.words import CUSTOMER_WORDS, Words
from shop_core.conversations.sign_in import StaffDoor
from shop_core.conversations.upload_links import UploadDoor
from shop_core.db.connect import connect
from shop_core.db.shop import Shop
from shop_core.db.tx import Surroundings
from shop_core.gateways.epay import EpayGateway, EpaySettings
from shop_core.insight.exposure import ExposureLog
from shop_core.kernel.clock import Clock, SystemClock
from shop_core.kernel.secret import Secret
from shop_core.messaging.scene_codes import SceneCodes
from shop_core.orders.pay_door import PayDoor
from shop_core.payments.gateway import Gateway, Gateways
from shop_core.reconciliation.counterpart import Counterparts
from shop_core.staff.roles import Roster
from shop_core.subscriptions import SUBSCRIPTIONS
from shop_core.supply.stated import list_stating
from shop_core.supply.supplier import Supplier, Suppliers
from shop_core.vault.vault import Vault
from shop_core.wire.certificates import certificates
from shop_core.wire.outlet import Outlet, to_the_world
from shop_core.wire.spread import Spread

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


class Closing(Protocol):
    """Something that holds connections."""

    async def aclose(self) -> None:
        """Let go of them."""
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What a test or the demo puts in the place of the world.

    Attributes:
        transport: Carries requests to gateways; None for the network.
        telegram: Arguments for the HTTP client of Telegram bots.
        rates: How fast Telegram bots send.
        pauses: How long Telegram bots wait.
        wechat: Arguments for the HTTP client of WeChat accounts.
        wechat_patience_s: How long WeChat's requests wait for their answer.
        wechat_call_s: How long a call to WeChat may take.
        outlet: Carries callbacks to addresses that other shops named; a test's shops are all on this machine.
        most: How much one page of the web chat may say.
        staff_pane: The identity that ``/staff`` gives to whoever opens it on this machine: the demo's, never a shop's.
    """

    clock: Clock = field(default_factory=SystemClock)
    timing: Timing = field(default_factory=Timing)
    transport: httpx.AsyncBaseTransport | None = None
    telegram: Mapping[str, Any] = field(default_factory=dict)
    rates: Rates = field(default_factory=Rates)
    pauses: Pauses = field(default_factory=Pauses)
    wechat: Mapping[str, Any] = field(default_factory=dict)
    wechat_patience_s: float = 4.3
    wechat_call_s: float = 10.0
    outlet: Callable[[], httpx.AsyncBaseTransport] = to_the_world
    most: RateLimitItem = MOST_MESSAGES
    staff_pane: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A shop and everything around it in one process, not started yet."""

    shop: Shop
    channels: Mapping[str, Channel]
    app: Starlette
    metrics: Metrics
    timing: Timing
    clients: tuple[Closing, ...]

    async def close(self) -> None:
        """Let go of connections, the database's last."""
        for channel in self.channels.values():
            await channel.close()
        for client in self.clients:
            await client.aclose()
        await self.shop.database.close()


def open_shop(
    config: Config, outside: Outside, gateways: Gateways, suppliers: Suppliers | None = None
) -> Shop:
    """The trade without any channel: what ``kapu admin`` needs."""
    guests = frozenset(
        name for name, channel in config.channels.items() if isinstance(channel, WebchatConfig)
    )
    terms = {name: supplier.terms() for name, supplier in config.suppliers.items()}
    textual = frozenset(
        name for name, channel in config.channels.items() if isinstance(channel, WechatConfig)
    )
    policy = replace(
        config.shop.policy(),
        guest_channels=guests,
        textual_channels=textual,
        channel_kinds={name: channel.kind for name, channel in config.channels.items()},
        suppliers=terms,
    )
    known = suppliers or Suppliers({})
    surroundings = Surroundings(policy, SystemRandom(), SUBSCRIPTIONS)
    services = {
        Vault: Vault(config.vault.active_key, config.vault.keys),
        Gateways: gateways,
        Outlet: Outlet(outside.outlet),
        Suppliers: known,
        Counterparts: Counterparts(list_stating(known, terms)),
        Roster: Roster.of(config.shop.owners),
        Words: Words(
            policy.languages,
            policy.timezone,
            (CUSTOMER_WORDS, STAFF_WORDS),
            own=config.shop.texts,
            textual=textual,
        ),
        ExposureLog: ExposureLog(),
        StaffDoor: _staff_door(config),
        SceneCodes: SceneCodes(),
        UploadDoor: UploadDoor(
            None if config.http.public_url is None else f"{config.http.public_url}/upload"
        ),
        PayDoor: PayDoor(None if config.http.public_url is None else f"{config.http.public_url}/pay"),
    }
    database = connect(config.database.url.reveal(), outside.clock, surroundings)
    return Shop(database, outside.clock, policy, services)


def build_gateways(config: Config, outside: Outside) -> tuple[Gateways, tuple[Closing, ...]]:
    """The gateways of the config, and what somebody has to close."""
    closing: list[Closing] = []
    gateways: dict[str, Gateway] = {}
    for name, settings in config.gateways.items():
        match settings:
            case EpayConfig():
                client = httpx.AsyncClient(transport=outside.transport, timeout=10, verify=certificates())
                closing.append(client)
                gateways[name] = EpayGateway(_epay(config, name, settings), client)
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


def build_suppliers(config: Config, outside: Outside) -> tuple[Suppliers, tuple[httpx.AsyncClient, ...]]:
    """The suppliers of the config, and the HTTP clients that somebody has to close.

    Raises:
        BadSupplierSettings: One cannot be bought from like this.
    """
    clients = []
    suppliers: dict[str, Supplier] = {}
    for name, settings in config.suppliers.items():
        # How long a call may take is the adapter's affair; this is for one that hangs in connecting.
        transport = outside.transport or Spread(certificates())
        client = httpx.AsyncClient(transport=transport, timeout=30)
        clients.append(client)
        suppliers[name] = supplier_of(name, settings, client, outside.clock)
    public_url = config.http.public_url
    # Suppliers refuse to call back to this machine itself, and some refuse the purchase with it.
    reached_at = public_url if public_url is not None and public_url.startswith("https://") else None
    return Suppliers(suppliers, public_url=reached_at), tuple(clients)


def wire(config: Config, outside: Outside, *, is_schema_current: bool = True) -> Program:
    """Put a process together."""
    gateways, clients = build_gateways(config, outside)
    suppliers, more_clients = build_suppliers(config, outside)
    shop = open_shop(config, outside, gateways, suppliers)
    metrics = Metrics.new()
    channels: dict[str, Channel] = {}
    hooks: list[BaseRoute] = []
    routes: list[BaseRoute] = []
    for name, settings in config.channels.items():
        match settings:
            case TelegramConfig():
                telegram = _telegram(config, name, settings, shop, outside)
                hooks += [] if telegram.webhook is None else [telegram.webhook.route()]
                channels[name] = telegram
            case WechatConfig():
                wechat = _wechat(name, settings, shop, outside)
                hooks.append(wechat.webhook.route())
                if wechat.scenes is not None:
                    shop.get(SceneCodes).add(name, wechat.scenes.make)
                channels[name] = wechat
            case WebchatConfig():
                webchat = _webchat(config, name, settings, shop, outside)
                # The first web chat is at /chat; any other has its name before that.
                routes += [Mount(f"/{name}", routes=webchat.routes())] if routes else webchat.routes()
                channels[name] = webchat
    app = build_app(
        shop,
        WebMetrics(
            metrics.render,
            lambda name, outcome: metrics.gateway_callbacks.labels(name, outcome).inc(),
            lambda name, outcome: metrics.supplier_callbacks.labels(name, outcome).inc(),
        ),
        is_schema_current=is_schema_current,
        mounts=[
            *hooks,
            *routes,
            *PayPages(shop, partial(_door, channels)).routes(),
            *UploadPages(shop).routes(),
        ],
        has_web_chat=bool(routes),
    )
    return Program(shop, channels, app, metrics, outside.timing, (*clients, *more_clients))


def _door(channels: Mapping[str, Channel], name: str) -> str | None:
    """Back from a pay page into a chat."""
    match channels.get(name):
        case TelegramChannel() as telegram:
            return telegram.front_door
        case WebChatChannel():
            is_first = name == next(iter(_web_chats(channels)))
            return "../../chat" if is_first else f"../../{name}/chat"
        case _:
            return None


def _web_chats(channels: Mapping[str, Channel]) -> Iterator[str]:
    return (name for name, channel in channels.items() if isinstance(channel, WebChatChannel))


def _staff_door(config: Config) -> StaffDoor:
    """The staff's page of the first web chat."""
    has_web_chat = any(isinstance(channel, WebchatConfig) for channel in config.channels.values())
    return StaffDoor(f"{_base_url(config)}/staff" if has_web_chat else None)


def _base_url(config: Config) -> str:
    """How the world reaches this shop, or else this machine."""
    return config.http.public_url or f"http://127.0.0.1:{config.http.port}"


def _epay(config: Config, name: str, settings: EpayConfig) -> EpaySettings:
    base = _base_url(config)
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


def _telegram(
    config: Config, name: str, settings: TelegramConfig, shop: Shop, outside: Outside
) -> TelegramChannel:
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


def _wechat(name: str, settings: WechatConfig, shop: Shop, outside: Outside) -> WeChatChannel:
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


def _webchat(
    config: Config, name: str, settings: WebchatConfig, shop: Shop, outside: Outside
) -> WebChatChannel:
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
