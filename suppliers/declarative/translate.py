"""What answers mean, by the maps of a file. Whatever the maps do not say is ``Unknown``, never a no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shop_core.kernel.errors import Unknown
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    Accepted,
    Done,
    Failed,
    No,
    NotFound,
    Outcome,
    Partial,
    Refused,
    SupplierRefused,
)
from suppliers.declarative.paths import cost_at, count_at, found_at, gain_at, items_at, text_at
from suppliers.declarative.schema import Meaning, Protocol, PurchaseMap, Words
from suppliers.reading import REF_LIMIT, SAID_LIMIT, said

_MEANINGS: Final[Mapping[type[Outcome], Meaning]] = {
    Accepted: "accepted",
    Done: "done",
    Partial: "partial",
    Failed: "failed",
    Refused: "refused",
    NotFound: "not_found",
}


def meaning_of(outcome: Outcome) -> Meaning:
    """What a file calls an outcome."""
    return _MEANINGS[type(outcome)]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads answers of one connection: the file's maps, with what the connection says other."""

    name: str
    protocol: Protocol
    secret: Secret

    # ------------------------------------------------------------------------------------------------ yes or no

    def is_yes(self, answer: object) -> bool:
        """Tell whether an answer says yes; a no to asking is no fact about a purchase.

        Raises:
            SupplierRefused: It does not deal with us.
        """
        code = text_at(answer, self.protocol.answers.code)
        if code in self.protocol.answers.yes:
            return True
        if self._has(answer, self.protocol.answers.keys_words):
            raise SupplierRefused(supplier=self.name, said=self.said(answer))
        return False

    def says_not_found(self, answer: object) -> bool:
        """Tell whether a no says that there is none such, and nothing that leaves it open."""
        answers = self.protocol.answers
        return self._has(answer, answers.not_found_words) and not self._has(answer, answers.unknown_words)

    def said(self, answer: object) -> str:
        """Their own words, short enough for a case; should they repeat our key, without that."""
        return said(text_at(answer, self.protocol.answers.said), self.secret)

    def _has(self, answer: object, words: Words) -> bool:
        told = text_at(answer, self.protocol.answers.said).lower()
        return any(word.lower() in told for word in words)

    # ---------------------------------------------------------------------------------------------- to placing

    def placed(self, answer: object, number: str, quantity: int) -> Outcome:
        """What an answer to placing means.

        Raises:
            SupplierRefused: It does not deal with us; nothing was bought.
            Unknown: Neither a yes nor a no that the file knows.
        """
        place = self.protocol.place
        if not self.is_yes(answer):
            return self._refused(answer)
        items = items_at(answer, place.items)
        item = items[0] if len(items) == 1 else {}
        told = text_at(item, place.purchase.number)
        if told and told != number:
            raise Unknown(f"{self.name} answered about another purchase")
        if place.purchase.state:
            return self.purchase(item, place.purchase)
        return self._accepted_or_done(item, place.purchase, quantity)

    def _known_already(self, told: str) -> Accepted:
        """A refused repeat: the first arrived, if the protocol promises that; else nobody knows."""
        if not self.protocol.promises.refuses_repeats:
            raise Unknown(f"{self.name} knows the number: {told}")
        return Accepted(note="known")

    def _refused(self, answer: object) -> Outcome:
        place = self.protocol.place
        code, told = text_at(answer, self.protocol.answers.code), self.said(answer)
        if self._has(answer, place.already_words):
            return self._known_already(told)
        if self._has(answer, self.protocol.answers.unknown_words):
            raise Unknown(f"{self.name} neither sells nor refuses: {told}")
        why = self._why(answer)
        is_no = code in place.no_codes or (place.any_other_code_is_no and code != "")
        if why is None and not is_no:
            raise Unknown(f"{self.name} neither sells nor refuses: {told}")
        return Refused(why or No.OTHER, told)

    def _why(self, answer: object) -> No | None:
        words = self.protocol.place.no_words
        reasons = ((why, getattr(words, why.value)) for why in No)
        return next((why for why, of_it in reasons if self._has(answer, of_it)), None)

    # ------------------------------------------------------------------------------------------- to everything

    def queried(self, answer: object, number: str, supplier_ref: str | None) -> Outcome:
        """What an answer to asking means.

        Raises:
            SupplierRefused, Unknown: Not told; nothing follows from that.
        """
        query = self.protocol.query
        if not self.is_yes(answer):
            if self.says_not_found(answer):
                return NotFound()
            raise Unknown(f"{self.name} does not tell: {self.said(answer)}")
        items = items_at(answer, query.items)
        # PHP writes an empty table as [], {} or ""; one that is missing says nothing.
        if query.empty_is_not_found and found_at(answer, query.items) in ([], {}, ""):
            return NotFound()
        own = [item for item in items if self._is_of(item, query.purchase, number, supplier_ref)]
        if len(own) != 1:
            raise Unknown(f"{self.name} answered about another purchase")
        return self.purchase(own[0], query.purchase)

    def _is_of(self, item: object, where: PurchaseMap, number: str, supplier_ref: str | None) -> bool:
        told, theirs = text_at(item, where.number), text_at(item, where.supplier_ref)
        if told or not theirs:
            return told == number
        return theirs == supplier_ref

    def purchase(self, item: object, where: PurchaseMap) -> Outcome:
        """What the facts of a purchase say of it.

        Raises:
            Unknown: A state that no map has, or facts that contradict it.
        """
        state = self._state(item, where)
        match state:
            case "accepted":
                return self._accepted_or_done(item, where, count_at(item, where.quantity))
            case "done":
                return self._done(item, where)
            case "partial":
                return self._partial(item, where)
            case "failed":
                return self._failed(item, where)
            case _:
                raise Unknown(f"{self.name} says a state that means nothing certain")

    def _state(self, item: object, where: PurchaseMap) -> str:
        """The state by all of its facts, else by fewer: ``5 2`` is looked up before ``5``."""
        told = [text_at(item, path) for path in where.state]
        for count in range(len(told), 0, -1):
            state = self.protocol.states.get(" ".join(told[:count]))
            if told[0] and state:
                return state
        return "unknown"

    def _accepted_or_done(self, item: object, where: PurchaseMap, quantity: int | None) -> Outcome:
        """Under way; but where every piece is there already, it is done whatever the state says."""
        if quantity is not None and 0 < quantity == len(self._goods(item, where)):
            return self._done(item, where)
        return Accepted(
            self._ref(item, where), self._cost(item, where), text_at(item, where.note)[:SAID_LIMIT]
        )

    def _done(self, item: object, where: PurchaseMap) -> Done:
        return Done(
            goods=self._goods(item, where),
            supplier_ref=self._ref(item, where),
            cost=self._cost(item, where),
            receipt=text_at(item, where.receipt)[:SAID_LIMIT],
            note=text_at(item, where.note)[:SAID_LIMIT],
        )

    def _partial(self, item: object, where: PurchaseMap) -> Partial:
        goods, value = self._goods(item, where), self._delivered_value(item, where)
        if not goods and value is None:
            raise Unknown(f"{self.name} delivered a part, and does not say which")
        return Partial(
            goods=goods,
            delivered=len(goods),
            delivered_value=value,
            supplier_ref=self._ref(item, where),
            cost=self._cost(item, where),
            returned=self._returned(item, where),
            note=text_at(item, where.note)[:SAID_LIMIT],
        )

    def _failed(self, item: object, where: PurchaseMap) -> Failed:
        """Over, with nothing there. Sites differ in their numbers of states: what says otherwise wins over the number."""
        value = self._delivered_value(item, where)
        if self._goods(item, where) or (value is not None and value.minor > 0):
            raise Unknown(f"{self.name} says failed, and that something was delivered")
        return Failed(
            self._ref(item, where), self._returned(item, where), text_at(item, where.note)[:SAID_LIMIT]
        )

    # -------------------------------------------------------------------------------------------------- facts

    def _goods(self, item: object, where: PurchaseMap) -> tuple[Secret, ...]:
        found = found_at(item, where.goods) if where.goods else None
        if isinstance(found, str):
            pieces: list[object] = list(found.splitlines()) if where.goods_lines else [found]
        else:
            pieces = list(found) if isinstance(found, list) else []
        texts = [self._piece(piece, where) for piece in pieces]
        return tuple(Secret(text) for text in texts if text)

    def _piece(self, piece: object, where: PurchaseMap) -> str:
        if isinstance(piece, str):
            return piece
        text = " ".join(part for path in where.goods_fields if (part := text_at(piece, path)))
        if not text:
            raise Unknown(f"{self.name} gave a piece that cannot be read")
        return text

    def _ref(self, item: object, where: PurchaseMap) -> str | None:
        return text_at(item, where.supplier_ref)[:REF_LIMIT] or None

    def _cost(self, item: object, where: PurchaseMap) -> Money | None:
        return cost_at(item, where.cost, self.protocol.protocol.currency)

    def _returned(self, item: object, where: PurchaseMap) -> Money | None:
        return gain_at(item, where.returned, self.protocol.protocol.currency)

    def _delivered_value(self, item: object, where: PurchaseMap) -> Money | None:
        return gain_at(item, where.delivered_value, self.protocol.protocol.currency)
