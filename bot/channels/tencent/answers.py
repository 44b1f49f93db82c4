"""Answers as their rows keep them: bound to the message that they answer, because they may hold a code."""

from __future__ import annotations

from shop_core.db.shop import Shop
from shop_core.vault.vault import Vault


def seal_answer(shop: Shop, channel: str, message: str, text: str) -> bytes:
    """An answer, sealed."""
    return shop.get(Vault).seal_bytes(text.encode(), place=f"answer:{channel}:{message}")


def open_answer(shop: Shop, channel: str, message: str, sealed: bytes) -> str:
    """The same, opened."""
    return shop.get(Vault).open_bytes(sealed, place=f"answer:{channel}:{message}").decode()
