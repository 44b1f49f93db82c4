"""Items and trades of acg-faka in our terms."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shop_core.supply.supplier import ENOUGH, GoodsKind, InputField, Offer
from shop_core.wire.reading import Facts, NotReadable, list_of, read_json, text_of
from suppliers.reading import REF_LIMIT, cost_of, count_of

RESERVED: Final = frozenset(
    {
        "shared_code", "contact", "num", "card_id", "device", "password", "race", "request_no", "sku", "app_id", "app_key",
        "sign",
    }
)  # fmt: skip
"""Names of the protocol's own: nothing that a buyer says is sent under them."""
BY_HAND: Final = "1"

_MARK: Final = re.compile(r"([A-Za-z0-9_-]{1,64})~([0-9]{1,9})~([ct])~([0-9a-f]{16}|)")


def offers_of(item: Facts, currency: str) -> Iterator[Offer]:
    """One offer for each kind (``race``) of an item, or one for all of it.

    Not on sale for us: what can be combined further (``sku``), and what asks the buyer in a form that we cannot read.
    """
    code = text_of(item, "code")
    sections = _sections_of(text_of(item, "config"))
    inputs = _inputs_of(text_of(item, "widget"))
    for race in sections.get("category") or {"": ""}:
        own = sections.get("category_factory", {}).get(race, "") if race else ""
        # Whatever is dearer than our cost, where that is not told.
        prices = (
            own,
            text_of(item, "factory_price") if not race else "",
            text_of(item, "user_price"),
            text_of(item, "price"),
        )
        cost = next((cost for text in prices if (cost := cost_of(text, currency)) is not None), None)
        ref = f"{code}:{race}" if race else code
        if not code.isalnum() or cost is None or len(ref) > REF_LIMIT:
            continue
        yield Offer(
            ref=ref,
            name=f"{text_of(item, 'name').strip()} {race}".strip(),
            kind=GoodsKind.TOP_UP if inputs else GoodsKind.CARD,
            cost=cost,
            is_on_sale=inputs is not None and not sections.get("sku"),
            stock=_stock_of(item),
            fewest=count_of(text_of(item, "minimum")) or 1,
            most=count_of(text_of(item, "maximum")) or None,
            inputs=inputs or (),
        )


def items_of(data: object) -> list[Facts]:
    """All items of all categories."""
    categories = list_of(data)
    return [item for category in categories for item in list_of(category, "children")]


def parts_of(ref: str) -> tuple[str, str]:
    """The code and the kind of an offer; empty for what is no reference of this protocol."""
    code, _, race = ref.partition(":")
    return (code, race) if code.isalnum() and code.isascii() else ("", "")


@dataclass(frozen=True, slots=True)
class Trade:
    """What has to be known to ask about a trade, as our ``supplier_ref`` keeps it.

    A question tells neither how many pieces were bought nor whether the text that it answers with are the goods, as the shop
    may write what it likes in their place: what stood there when we bought is not the goods.
    """

    number: str
    quantity: int
    is_top_up: bool
    stood_there: str = ""

    def as_ref(self) -> str:
        """One text, of at most 92 characters."""
        return f"{self.number}~{self.quantity}~{'t' if self.is_top_up else 'c'}~{self.stood_there}"


def trade_of(ref: str) -> Trade | None:
    """Read it again; None for what is none."""
    match = _MARK.fullmatch(ref)
    return Trade(match[1], int(match[2]), match[3] == "t", match[4]) if match else None


def mark_of(text: str) -> str:
    """A short mark of a text, by which it is known again."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def _sections_of(config: str) -> dict[str, dict[str, str]]:
    """An INI text as PHP reads it: names may be Chinese, values may be quoted."""
    sections: dict[str, dict[str, str]] = {}
    values: dict[str, str] = {}
    for line in (line.strip() for line in config.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            values = sections.setdefault(line[1:-1].strip(), {})
        elif "=" in line and not line.startswith(";"):
            name, _, value = line.partition("=")
            values[name.strip().strip("\"'")] = value.strip().strip("\"'")
    return sections


def _stock_of(item: Facts) -> int | None:
    """A number, or words."""
    told = text_of(item, "stock")
    if re.search(r"充足|足够|enough", told):
        return ENOUGH
    return 0 if re.search(r"缺货|售罄|无货", told) else count_of(told)


def _inputs_of(widget: str) -> tuple[InputField, ...] | None:
    """What the buyer has to say; None: something, but not in a form that we can read."""
    if widget.strip() in {"", "[]", "null", "{}"}:
        return ()
    try:
        fields = list_of(read_json(widget.encode(errors="replace")))
    except NotReadable:
        return None
    read = tuple(
        InputField(key=text_of(field, "name"), label=text_of(field, "cn") or text_of(field, "name"))
        for field in fields
    )
    return read if read and all(field.key and field.key not in RESERVED for field in read) else None
