"""The composition root: puts a shop together, with its channels, gateways and suppliers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import SystemRandom

import httpx
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from admin_cmds.words import STAFF_WORDS
from bot.channels.channel import Channel
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.webchat.channel import WebChatChannel
from bot.config import Config, TelegramConfig
from bot.config_webchat import WebchatConfig
from bot.config_wechat import WechatConfig
from bot.config_wecom import WecomConfig
from bot.metrics import Metrics
from bot.outside import Outside
from bot.timing import Timing
from bot.web.app import WebMetrics, build_app
from bot.web.pay_page import PayPages
from bot.web.upload_page import UploadPages
from bot.wiring_channels import telegram, webchat, wechat, wecom
from bot.wiring_gateways import Closing, build_gateways
from bot.wiring_suppliers import supplier_of
from bot.wiring_verification import build_senders
from handlers.words import CUSTOMER_WORDS, Words
from shop_core.conversations.sign_in import StaffDoor
from shop_core.conversations.upload_links import UploadDoor
from shop_core.db.connect import connect
from shop_core.db.shop import Shop
from shop_core.db.tx import Surroundings
from shop_core.insight.exposure import ExposureLog
from shop_core.messaging.scene_codes import SceneCodes
from shop_core.orders.pay_door import PayDoor
from shop_core.payments.gateway import Gateways
from shop_core.reconciliation.counterpart import Counterparts
from shop_core.staff.roles import Roster
from shop_core.subscriptions import SUBSCRIPTIONS
from shop_core.supply.stated import list_stating
from shop_core.supply.supplier import Supplier, Suppliers
from shop_core.vault.vault import Vault
from shop_core.verification.sender import CodeSenders
from shop_core.wire.certificates import certificates
from shop_core.wire.outlet import Outlet
from shop_core.wire.spread import Spread


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
    config: Config,
    outside: Outside,
    gateways: Gateways,
    suppliers: Suppliers | None = None,
    senders: CodeSenders | None = None,
) -> Shop:
    """The trade without any channel: what ``kapu admin`` needs."""
    guests = frozenset(
        name for name, channel in config.channels.items() if isinstance(channel, WebchatConfig)
    )
    terms = {name: supplier.terms() for name, supplier in config.suppliers.items()}
    textual = frozenset(
        name for name, channel in config.channels.items() if isinstance(channel, WechatConfig | WecomConfig)
    )
    policy = replace(
        config.shop.policy(),
        guest_channels=guests,
        textual_channels=textual,
        fileless_channels=frozenset(
            name for name, channel in config.channels.items() if isinstance(channel, WechatConfig)
        ),
        channel_names={
            name: channel.theme.name
            for name, channel in config.channels.items()
            if isinstance(channel, WebchatConfig) and channel.theme and channel.theme.name
        },
        channel_kinds={name: channel.kind for name, channel in config.channels.items()},
        contact_channels=frozenset(
            name for name, channel in config.channels.items() if isinstance(channel, TelegramConfig)
        ),
        suppliers=terms,
        verification=config.verification.rules(config.shop.currency, config.shop.owners),
    )
    known = suppliers or Suppliers({})
    surroundings = Surroundings(policy, SystemRandom(), SUBSCRIPTIONS)
    services = {
        Vault: Vault(config.vault.active_key, config.vault.keys),
        Gateways: gateways,
        Outlet: Outlet(outside.outlet),
        Suppliers: known,
        CodeSenders: senders or CodeSenders(),
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
    senders, post_clients = build_senders(config, outside)
    shop = open_shop(config, outside, gateways, suppliers, senders)
    metrics = Metrics.new()
    channels: dict[str, Channel] = {}
    hooks: list[BaseRoute] = []
    routes: list[BaseRoute] = []
    for name, settings in config.channels.items():
        match settings:
            case TelegramConfig():
                bot = telegram(config, name, settings, shop, outside)
                hooks += [] if bot.webhook is None else [bot.webhook.route()]
                channels[name] = bot
            case WechatConfig():
                account = wechat(name, settings, shop, outside)
                hooks.append(account.webhook.route())
                if account.scenes is not None:
                    shop.get(SceneCodes).add(name, account.scenes.make)
                channels[name] = account
            case WecomConfig():
                desk = wecom(config, name, settings, shop, outside)
                hooks.append(desk.webhook.route())
                channels[name] = desk
            case WebchatConfig():
                chat = webchat(config, name, settings, shop, outside)
                # The first web chat is at /chat; any other has its name before that.
                routes += [Mount(f"/{name}", routes=chat.routes())] if routes else chat.routes()
                channels[name] = chat
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
        has_web_chat=_door(channels, next(_web_chats(channels), "")) is not None,
    )
    return Program(shop, channels, app, metrics, outside.timing, (*clients, *more_clients, *post_clients))


def _door(channels: Mapping[str, Channel], name: str) -> str | None:
    """Back from a pay page into a chat."""
    match channels.get(name):
        case TelegramChannel() as telegram:
            return telegram.front_door
        case WebChatChannel() as chat if not chat.is_inside_others:
            is_first = name == next(iter(_web_chats(channels)))
            return "../../chat" if is_first else f"../../{name}/chat"
        case _:
            return None


def _web_chats(channels: Mapping[str, Channel]) -> Iterator[str]:
    return (name for name, channel in channels.items() if isinstance(channel, WebChatChannel))


def _staff_door(config: Config) -> StaffDoor:
    """The staff's page of the first web chat."""
    has_web_chat = any(isinstance(channel, WebchatConfig) for channel in config.channels.values())
    return StaffDoor(f"{config.http.base_url}/staff" if has_web_chat else None)
