"""Faults on order: the next calls of a method fail in a chosen way, before or after they had their effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from tests.standins.telegram.refusals import RefusedError, forbidden, too_many_requests

FaultKind = Literal[
    "400", "403", "429", "500", "502", "502_after", "drop_before", "drop_after", "delay_before",
    "delay_after",
]  # fmt: skip
FAULT_KINDS: tuple[str, ...] = get_args(FaultKind)
ANY_METHOD = "*"


@dataclass(slots=True)
class Fault:
    """One order: ``times`` calls of ``method`` (``*``: any but getUpdates), maybe only those to ``chat_id``.

    ``seconds`` is the delay, or the retry_after of a 429.
    """

    method: str
    kind: str
    times: int = 1
    seconds: float = 1.0
    description: str = ""
    chat_id: int | None = None

    def matches(self, method: str, chat_id: int | None) -> bool:
        """Whether this call is meant."""
        named = method != "getUpdates" if self.method == ANY_METHOD else method == self.method
        return named and self.times > 0 and self.chat_id in {None, chat_id}

    def refusal(self) -> RefusedError | None:
        """The JSON refusal to answer with; None where the fault is of another sort."""
        match self.kind:
            case "400":
                return RefusedError(400, f"Bad Request: {self.description or 'BAD_FOR_A_TEST'}")
            case "403":
                return forbidden(self.description or "bot was blocked by the user")
            case "429":
                return too_many_requests(int(self.seconds))
            case "500":
                return RefusedError(500, f"Internal Server Error: {self.description or 'restart'}")
            case _:
                return None


@dataclass(slots=True)
class FaultPlan:
    """What is still to go wrong, first ordered first."""

    orders: list[Fault] = field(default_factory=list)

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """Use up one matching order."""
        for order in self.orders:
            if order.matches(method, chat_id):
                order.times -= 1
                if order.times == 0:
                    self.orders.remove(order)
                return order
        return None
