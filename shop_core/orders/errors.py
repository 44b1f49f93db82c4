"""Refusals of orders. Each leaves everything as it was."""

from __future__ import annotations

from shop_core.kernel.errors import ShopError


class NoSuchOrder(ShopError):
    """Not there, or somebody else's: a stranger's number is answered as if it were nobody's."""

    code = "orders.unknown"


class BadQuantity(ShopError):
    """Not a whole number from 1 to what one order may hold."""

    code = "orders.bad_quantity"


class OverPersonLimit(ShopError):
    """The person has bought, or holds unpaid, all that one person may."""

    code = "orders.person_limit"


class TooManyUnpaid(ShopError):
    """The person holds codes in as many unpaid orders as the shop allows."""

    code = "orders.too_many_unpaid"


class NotPayable(ShopError):
    """The order is not waiting for money any more; ``state`` says where it is."""

    code = "orders.not_payable"


class NotCancellable(ShopError):
    """Only an unpaid order is cancelled; ``state`` says where this one is."""

    code = "orders.not_cancellable"


class NotDelivered(ShopError):
    """There is no code to look at (yet, or any more); ``state`` says where the order is."""

    code = "orders.not_delivered"


class NotRefundable(ShopError):
    """Only what was paid and not refunded yet is refunded; ``state`` says where the order is."""

    code = "orders.not_refundable"


class InputsNeeded(ShopError):
    """A direct top-up without its account, or one whose questions have changed since they were answered."""

    code = "orders.inputs_needed"
