"""Offers by the maps of a file. What cannot be read of an offer leaves the offer out, never the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shop_core.supply.supplier import GoodsKind, InputField, Offer
from suppliers.declarative.paths import cost_at, count_at, items_at, text_at
from suppliers.declarative.schema import KindMap, OfferMap

REF_LIMIT: Final = 120
NAME_LIMIT: Final = 200
INPUTS_LIMIT: Final = 20


@dataclass(frozen=True, slots=True)
class OfferReader:
    """Reads offers where the file says that they stand."""

    where: OfferMap
    currency: str

    def offers(self, answer: object, items: str) -> Iterator[Offer]:
        """The offers of an answer; one without a readable number, name or price is none."""
        for item in items_at(answer, items):
            if (offer := self._offer(item)) is not None:
                yield offer

    def _offer(self, item: object) -> Offer | None:
        where = self.where
        ref, name = text_at(item, where.ref), text_at(item, where.name).strip()
        cost = cost_at(item, where.cost, self.currency)
        if not 0 < len(ref) <= REF_LIMIT or not name or cost is None or cost.minor < 0:
            return None
        return Offer(
            ref=ref,
            name=name[:NAME_LIMIT],
            kind=self._kind(item),
            cost=cost,
            face=cost_at(item, where.face, self.currency),
            is_on_sale=where.on_sale is None or text_at(item, where.on_sale.at) in where.on_sale.values,
            stock=count_at(item, where.stock),
            fewest=max(1, _count(item, where.fewest) or 1),
            most=_count(item, where.most) or None,
            inputs=tuple(self._inputs(item))[:INPUTS_LIMIT],
        )

    def _kind(self, item: object) -> GoodsKind:
        kind = self.where.kind
        if isinstance(kind, KindMap):
            return GoodsKind(kind.table.get(text_at(item, kind.at), kind.otherwise))
        return GoodsKind(kind)

    def _inputs(self, item: object) -> Iterator[InputField]:
        for known in self.where.inputs:
            yield InputField(known.key, known.label, known.kind)
        if not self.where.inputs_at:
            return
        # Sent in this order, so the place in the list is the key.
        for i, told in enumerate(items_at(item, self.where.inputs_at), 1):
            label = text_at(told, self.where.input_label) or (told if isinstance(told, str) else "")
            yield InputField(str(i), label[:NAME_LIMIT] or str(i))


def _count(item: object, where: int | str | None) -> int | None:
    return count_at(item, where) if isinstance(where, str) else where
