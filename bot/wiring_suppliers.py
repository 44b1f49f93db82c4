"""The part of the composition root that names concrete suppliers: protocol → adapter, one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from bot.config_suppliers import (
    AcgFakaConfig,
    DayuanrenConfig,
    DeclarativeConfig,
    DujiaoNextConfig,
    FileProtocolConfig,
    FuluConfig,
    KakayunConfig,
    KasushouConfig,
    ReloadlyConfig,
    SupplierSection,
)
from shop_core.kernel.clock import Clock
from shop_core.supply.supplier import No, Supplier
from suppliers.acg_faka.adapter import AcgFakaSupplier
from suppliers.acg_faka.settings import PENDING, AcgFakaSettings
from suppliers.declarative.adapter import DeclarativeSupplier
from suppliers.declarative.file import load, shipped
from suppliers.declarative.schema import Protocol
from suppliers.declarative.settings import DeclarativeSettings
from suppliers.dujiao_next.adapter import DujiaoNextSupplier
from suppliers.dujiao_next.settings import DujiaoNextSettings
from suppliers.fulu import settings as fulu
from suppliers.fulu.adapter import FuluSupplier
from suppliers.fulu.settings import REFUSALS, FuluSettings
from suppliers.kasushou import settings as kasushou
from suppliers.kasushou.adapter import KasushouSupplier
from suppliers.kasushou.settings import KasushouSettings
from suppliers.reloadly.adapter import ReloadlySupplier
from suppliers.reloadly.settings import PRODUCTION, SANDBOX, ReloadlySettings
from suppliers.words import Standing, Words

Factory = Callable[[str, Any, httpx.AsyncClient, Clock], Supplier]
"""From the name in the config, its table (of the protocol's own class), the client and the time."""


def supplier_of(name: str, settings: SupplierSection, client: httpx.AsyncClient, clock: Clock) -> Supplier:
    """The adapter that a table of the config asks for.

    Raises:
        BadSupplierSettings: The shop cannot buy like this.
    """
    return SUPPLIERS[type(settings)](name, settings, client, clock)


def _dujiao_next(name: str, config: DujiaoNextConfig, client: httpx.AsyncClient, clock: Clock) -> Supplier:
    settings = DujiaoNextSettings(
        name=name,
        base_url=config.base_url,
        key=config.key,
        secret=config.secret,
        currency=config.currency,
        finds_numbers=config.finds_numbers,
        refusals={code: No(why) for code, why in config.refusals.items()},
    )
    return DujiaoNextSupplier(settings, client, clock)


def _acg_faka(name: str, config: AcgFakaConfig, client: httpx.AsyncClient, clock: Clock) -> Supplier:
    settings = AcgFakaSettings(
        name=name,
        base_url=config.base_url,
        key=config.key,
        secret=config.secret,
        currency=config.currency,
        contact=config.contact,
        pending=(*PENDING, *config.pending),
        words=Words().beside(config.words),
    )
    return AcgFakaSupplier(settings, client, clock)


def _kasushou(name: str, config: KasushouConfig, client: httpx.AsyncClient, clock: Clock) -> Supplier:
    settings = KasushouSettings(
        name=name,
        base_url=config.base_url,
        key=config.key,
        secret=config.secret,
        currency=config.currency,
        safe_price_is=config.safe_price_is,
        states=_states(kasushou.STATES, config.states),
        words=Words().beside(config.words),
    )
    return KasushouSupplier(settings, client, clock)


def _fulu(name: str, config: FuluConfig, client: httpx.AsyncClient, clock: Clock) -> Supplier:
    settings = FuluSettings(
        name=name,
        base_url=config.base_url,
        key=config.key,
        secret=config.secret,
        currency=config.currency,
        plain_http=config.plain_http,
        callback_sign=config.callback_sign,
        checks_answers=config.checks_answers,
        refusals=(*REFUSALS, *config.refusals),
        states=_states(fulu.STATES, config.states),
        words=Words().beside(config.words),
    )
    return FuluSupplier(settings, client, clock)


def _states(known: Mapping[str, Standing], said: Mapping[str, str]) -> Mapping[str, Standing]:
    """The states that an adapter knows, and before them what the owner says."""
    return {**known, **{state: Standing(standing) for state, standing in said.items()}}


def _reloadly(name: str, config: ReloadlyConfig, client: httpx.AsyncClient, clock: Clock) -> Supplier:
    settings = ReloadlySettings(
        name=name,
        key=config.key,
        secret=config.secret,
        hosts=SANDBOX if config.sandbox else PRODUCTION,
        sells=config.sells,
        currency=config.currency,
        sender_name=config.sender_name,
        recipient_email=config.recipient_email,
        amounts=config.amounts,
        failed_statuses=config.failed_statuses,
    )
    return ReloadlySupplier(settings, client, clock)


def _from_file(name: str, config: FileProtocolConfig, client: httpx.AsyncClient, clock: Clock) -> Supplier:
    settings = DeclarativeSettings(
        name=name,
        base_url=config.base_url,
        key=config.key,
        secret=config.secret,
        protocol=_protocol_of(config),
        currency=config.currency,
        states=config.states,
        promises=config.promises,
        refusals=config.refusals,
        plain_http=config.plain_http,
    )
    return DeclarativeSupplier(settings, client, clock)


def _protocol_of(config: FileProtocolConfig) -> Protocol:
    return load(config.file) if isinstance(config, DeclarativeConfig) else shipped(config.protocol)


SUPPLIERS: Final[Mapping[type[SupplierSection], Factory]] = {
    DujiaoNextConfig: _dujiao_next,
    AcgFakaConfig: _acg_faka,
    KasushouConfig: _kasushou,
    FuluConfig: _fulu,
    ReloadlyConfig: _reloadly,
    DayuanrenConfig: _from_file,
    KakayunConfig: _from_file,
    DeclarativeConfig: _from_file,
}
"""Every protocol's table in the config → what makes its adapter."""
