"""The way to an order's pay page: an address that nobody guesses, and that opens nothing but paying."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.read import OrderView, get_any
from shop_core.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class PayDoor:
    """Where the pay pages are.

    Attributes:
        url: Their address, such as ``https://shop.example.com/pay``; None: the world does not reach this shop.
    """

    url: str | None

    def link(self, shop: Shop, number: str) -> str | None:
        """The address of an order's page: whoever has it may pay the order, and see what it costs."""
        return None if self.url is None else f"{self.url}/{number}/{_proof(shop, number)}"


def find_to_pay(view: View, shop: Shop, number: str, proof: str) -> OrderView:
    """The order behind the address of a pay page. Compared in constant time.

    Raises:
        NoSuchOrder: There is none, or the address was guessed: the answer is the same.
    """
    if not hmac.compare_digest(_proof(shop, number).encode(), proof.encode()):
        raise NoSuchOrder
    return get_any(view, number)


def _proof(shop: Shop, number: str) -> str:
    """22 characters, made anew each time from a key that never changes: nothing is stored, and old links stay good."""
    return base64.urlsafe_b64encode(shop.get(Vault).fingerprint(f"pay-page:{number}")).rstrip(b"=").decode()
