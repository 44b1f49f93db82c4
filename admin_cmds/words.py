"""Where the staff's words are. They add to the customers': an order's state has one name on both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Final

STAFF_WORDS: Final = Path(__file__).parent / "locale"
