"""What every vendor knows: goods, balances, orders. Money is whole fen (分)."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

CARD, LATER, TOP_UP = "101", "102", "103"
"""Goods that every vendor has: a card that is there at once, a card that takes time, a top-up that takes time."""

State = Literal["pending", "done", "failed", "partial"]


class Refusal(Exception):
    """Why a vendor does not sell; each says it in words of its own."""

    def __init__(
        self, why: Literal["goods", "off_sale", "stock", "balance", "price", "quantity", "number"]
    ) -> None:
        super().__init__(why)
        self.why = why


@dataclass
class Goods:
    """Something to buy. ``codes`` are what is left of it; a top-up has none and does not run out."""

    id: str
    name: str
    price: int
    kind: Literal["card", "top_up"] = "card"
    is_later: bool = False
    on_sale: bool = True
    codes: list[str] = field(default_factory=list)
    face: int = 0

    @property
    def stock(self) -> int:
        return len(self.codes) if self.kind == "card" else 999_999


@dataclass
class Order:
    """One purchase. ``cost`` is what was charged; ``returned`` what came back of it."""

    ref: str
    number: str
    goods: str
    quantity: int
    cost: int
    inputs: dict[str, str]
    callback_url: str
    made_at: float
    state: State = "pending"
    codes: list[str] = field(default_factory=list)
    delivered: int = 0
    returned: int = 0
    more: dict[str, Any] = field(default_factory=dict)


class World:
    """One vendor's books. A number is sold to once; every change of the balance belongs to an order."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Be as freshly opened."""
        self.balance = 100_000
        self.clock_offset_s = 0.0
        self.charges: Counter[str] = Counter()
        self.orders: dict[str, Order] = {}
        self.options: dict[str, Any] = {}
        self.goods = {
            CARD: Goods(CARD, "爱奇艺黄金会员 月卡", 990, codes=_codes("CARD", 50), face=1500),
            LATER: Goods(LATER, "腾讯视频 季卡", 2500, is_later=True, codes=_codes("LATER", 50), face=5800),
            TOP_UP: Goods(TOP_UP, "话费 50 元", 4930, kind="top_up", is_later=True, face=5000),
        }

    def now(self) -> float:
        """The vendor's own clock, in seconds."""
        return time.time() + self.clock_offset_s

    def by_number(self, number: str) -> Order | None:
        """The order under a buyer's number."""
        return next((order for order in self.orders.values() if order.number == number), None)

    def buy(
        self,
        number: str,
        goods_id: str,
        quantity: int,
        *,
        at_most: int | None = None,
        inputs: dict[str, str] | None = None,
        callback_url: str = "",
    ) -> Order:
        """Sell, charge, and hand over what is there at once.

        Raises:
            Refusal: Nothing was sold.
        """
        goods = self._sellable(goods_id, quantity)
        if not number or self.by_number(number):
            raise Refusal("number")
        cost = goods.price * quantity
        if at_most is not None and cost > at_most:
            raise Refusal("price")
        if cost > self.balance:
            raise Refusal("balance")
        self.balance -= cost
        self.charges[number] += 1
        ref = str(7_000_001 + len(self.orders))
        order = Order(ref, number, goods_id, quantity, cost, dict(inputs or {}), callback_url, self.now())
        self.orders[ref] = order
        if not goods.is_later:
            self.finish(order, "done")
        return order

    def finish(self, order: Order, state: State, delivered: int | None = None) -> None:
        """End an order: hand over, or give the money back, or of each a part."""
        pieces = {"done": order.quantity, "partial": delivered or 0}.get(state, 0)
        goods = self.goods[order.goods]
        order.codes += [goods.codes.pop(0) for _ in range(pieces)] if goods.kind == "card" else []
        order.state, order.delivered = state, pieces
        back = order.cost * (order.quantity - pieces) // order.quantity - order.returned
        order.returned += back
        self.balance += back

    def _sellable(self, goods_id: str, quantity: int) -> Goods:
        goods = self.goods.get(goods_id)
        if goods is None:
            raise Refusal("goods")
        if not goods.on_sale:
            raise Refusal("off_sale")
        if quantity < 1:
            raise Refusal("quantity")
        if quantity > goods.stock:
            raise Refusal("stock")
        return goods

    def as_json(self) -> dict[str, Any]:
        """The books, for whoever checks them."""
        return {
            "balance": self.balance,
            "charges": dict(self.charges),
            "orders": [asdict(order) for order in self.orders.values()],
        }


def _codes(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{number:04}" for number in range(1, count + 1)]
