"""What a protocol brings to be tested under the contract of all suppliers: one small class, in ``drivers/``.

``test_contract.py`` runs every case over every driver, against the protocol's stand-in, over real HTTP. What a case
needs is told by the adapter's own capabilities, and by the few facts below.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    Accepted,
    Done,
    Failed,
    Outcome,
    Partial,
    PurchaseRequest,
    Supplier,
)
from shop_core.wire.callback import RawCallback
from tests.standins.suppliers.vendor import Letter
from tests.standins.suppliers.world import CARD, LATER, TOP_UP

NUMBER = "K7M29QXD"
OTHER_NUMBER = "P4RT8WZC"
CALLBACK_URL = "http://127.0.0.1:1/suppliers/it/callback"
"""Nobody listens there: what a vendor would tell is taken from its control interface."""
ACCOUNT = "13800138000"

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that speak to this machine only: by default each reads all the certificates of the world."""

HOSTILE = ("0001234", "a <b>&\"c\"'d'</b>", "卡号：８８ 密码：😀", "%41+%2B\\n\\", "x" * 300)
"""Codes that lose something wherever they are taken for numbers, markup, escapes or one alphabet."""


class MovedClock:
    """The machine's clock, set wrong."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


@dataclass(frozen=True, kw_only=True)
class Driver:
    """One protocol under the contract.

    Attributes:
        protocol: The folder in ``suppliers`` and in ``tests/standins/suppliers``.
        secrets: What of its account may be seen nowhere.
        place_path: A part of the path or the body of a request that places, and of nothing else.
        query_path: The same for asking what became of a purchase.
        has_cards, has_top_ups: What can be bought there.
        checks_clock: It refuses what was signed too long ago.
        hostile: Codes that the protocol can carry.
        account_field: The name of the field that a top-up's account goes into.
        fails_later: An order that was taken can still fail, and the money comes back.
        can_be_partial: A part of an order can fail.
        lists_inputs: A list of offers says what buyers have to say; else only a single offer does.
        page_count: Goods to add so that the list has several pages; 0: it is never in pages.
        refs: Goods of the stand-in's world → what the adapter calls them, where that is not the same.
    """

    protocol: str
    secrets: tuple[str, ...]
    place_path: str
    query_path: str
    has_cards: bool = True
    has_top_ups: bool = True
    checks_clock: bool = False
    hostile: tuple[str, ...] = HOSTILE
    account_field: str = "account"
    fails_later: bool = True
    can_be_partial: bool = False
    lists_inputs: bool = True
    page_count: int = 120
    refs: Mapping[str, str] = field(default_factory=dict)

    def supplier(self, base_url: str, client: httpx.AsyncClient, clock: Clock, **changes: Any) -> Supplier:
        """The adapter over its usual settings; ``changes`` are fields of them."""
        raise NotImplementedError

    def wrong_key(self) -> dict[str, Any]:
        """Changes of the settings that make ours a signature that the vendor refuses."""
        return {"secret": Secret("not-the-secret")}

    def ref(self, goods: str) -> str:
        """How the adapter calls goods of the stand-in's world."""
        return self.refs.get(goods, goods)

    def card(self, number: str = NUMBER, quantity: int = 1, **changes: Any) -> PurchaseRequest:
        """A purchase of cards that are there at once."""
        return self._request(CARD, number, quantity, **changes)

    def later(self, number: str = NUMBER, quantity: int = 1, **changes: Any) -> PurchaseRequest:
        """A purchase that takes time: of cards, where there are any."""
        goods = LATER if self.has_cards else TOP_UP
        return self._request(goods, number, quantity, **changes)

    def top_up(self, number: str = NUMBER, **changes: Any) -> PurchaseRequest:
        """A top-up, which takes time."""
        return self._request(TOP_UP, number, 1, **changes)

    def any(self, number: str = NUMBER, **changes: Any) -> PurchaseRequest:
        """Whatever is simplest to buy."""
        return self.card(number, **changes) if self.has_cards else self.top_up(number, **changes)

    def _request(self, goods: str, number: str, quantity: int, **changes: Any) -> PurchaseRequest:
        given: dict[str, Any] = {"callback_url": CALLBACK_URL, **changes}
        if goods == TOP_UP:
            given.setdefault("inputs", {self.account_field: Secret(ACCOUNT)})
        return PurchaseRequest(number, self.ref(goods), quantity, **given)


def all_drivers() -> list[Driver]:
    """Every driver there is, by name."""
    names = sorted(path.stem for path in (Path(__file__).parent / "drivers").glob("[a-z]*.py"))
    modules: list[Any] = [import_module(f"tests.suppliers.drivers.{name}") for name in names]
    return [module.DRIVER for module in modules]


def as_callback(letter: Letter, body: bytes | None = None) -> RawCallback:
    """What a vendor sends, as the web server hands it on."""
    headers = {name.lower(): value for name, value in letter.headers.items()}
    content = letter.body if body is None else body
    is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    form = dict(parse_qsl(content.decode(), keep_blank_values=True)) if is_form else {}
    return RawCallback(letter.method, headers, {}, form, content)


def yuan(fen: int) -> Money:
    """An amount as the stand-ins count it."""
    return Money(fen, "CNY")


def goods_in(outcome: Outcome) -> list[str]:
    """The goods of an outcome that has some, in the clear."""
    assert isinstance(outcome, Done | Partial)
    return [piece.reveal() for piece in outcome.goods]


def ref_of(outcome: Outcome) -> str | None:
    """The supplier's own number in an outcome."""
    assert isinstance(outcome, Accepted | Done | Partial | Failed)
    return outcome.supplier_ref


def now() -> datetime:
    """When a purchase was placed."""
    return datetime.now(UTC)
