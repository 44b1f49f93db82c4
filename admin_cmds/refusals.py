"""A refusal as staff read it."""

from __future__ import annotations

from handlers.words import Phrases
from shop_core.kernel.errors import ShopError


def refusal_text(say: Phrases, error: ShopError) -> str:
    """The words for an error: those for staff if there are any, those for customers, or the plainest."""
    part = error.details.get("field") or error.details.get("state")
    keys = (f"error.{error.code}.staff.{part}", f"error.{error.code}.staff", f"error.{error.code}")
    key = next((key for key in keys if say.has(key)), "error.shop.refused")
    return say(key, **error.details)
