"""What a supplier is to the shop. One folder each in ``suppliers``, which translates its protocol into these terms.

A call ends in one of four ways, and nothing else:

    an ``Outcome``   the supplier said, readably, what is the case
    RetryLater       certainly without effect: no connection, asked too often
    Unknown          it left us and no readable answer came back: a time-out, HTTP 5xx, half a body, "system busy"
    SupplierRefused  it does not talk to us at all: keys, signature, clock, an account that is closed

Only ``Refused``, ``Failed`` and a settled ``NotFound`` say that nothing was bought. Whatever an adapter is not sure of is
``Unknown``: asked about again, never bought again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Protocol

from shop_core.catalog.goods import GoodsKind as GoodsKind  # noqa: PLC0414 - a part of these terms
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.wire.callback import RawCallback


class SupplierRefused(ShopError):
    """The supplier does not deal with us: wrong keys, a clock too far off, a closed account. Nothing was bought."""

    code = "supply.supplier_refused"


class ForgedSupplierCallback(ShopError):
    """The callback does not prove that it comes from the supplier. Nothing of it is kept."""

    code = "supply.forged"


class BadSupplierSettings(ShopError):
    """The shop cannot buy like this and does not start. Says what is wrong, never the key."""

    code = "supply.bad_settings"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a protocol promises. What it does not promise is not relied upon, however often it was seen to work.

    Attributes:
        repeats_safely: Placing again under the same number is the same purchase, and answers what became of it.
        refuses_repeats: Placing again under the same number is refused as known: proof that the first arrived.
        finds_our_number: ``query`` works with our number alone; else it raises ``Unknown`` without ``supplier_ref``.
        calls_back: It tells us by itself; a setting of the account may still be needed.
        guards_price: It refuses by itself what would cost more than ``PurchaseRequest.at_most``.
        knows_stock: ``Offer.stock`` is a number or "enough" that means something.
        states_days: ``statement`` lists a day's purchases.
        absent_after_s: How long after sending ``NotFound`` proves that nothing was bought; None: it never does.
    """

    repeats_safely: bool = False
    refuses_repeats: bool = False
    finds_our_number: bool = False
    calls_back: bool = False
    guards_price: bool = False
    knows_stock: bool = False
    states_days: bool = False
    absent_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class InputField:
    """What a buyer has to say for an offer.

    Attributes:
        key: The supplier's name for it, as ``PurchaseRequest.inputs`` repeats it.
        label: What people call it.
        kind: ``text``, ``phone``, ``number``, ``email``, ``password`` or ``choice``.
        choices: What may be said, where only these may be.
    """

    key: str
    label: str
    kind: str = "text"
    is_required: bool = True
    choices: tuple[str, ...] = ()


ENOUGH: Final = 2**31 - 1
"""``Offer.stock`` of a supplier who says that there is enough, without a number."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something a supplier sells.

    Attributes:
        ref: The supplier's own name for it, with whatever is needed to order it (product and kind, say). At most 120
            characters, the same each time it is listed.
        cost: Of one piece, for us, now.
        face: What it is worth to the buyer where that has a number (phone credit, a gift card).
        stock: How many are left; ``ENOUGH``; None: not known.
        fewest, most: Of one purchase.
    """

    ref: str
    name: str
    kind: GoodsKind
    cost: Money
    face: Money | None = None
    is_on_sale: bool = True
    stock: int | None = None
    fewest: int = 1
    most: int | None = None
    inputs: tuple[InputField, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferPage:
    """A part of a supplier's list. ``cursor`` asks for the next; None: this was the last, the list is complete."""

    offers: Sequence[Offer]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PurchaseRequest:
    """What a supplier is asked to sell.

    Attributes:
        number: Ours, of this attempt: 8 to 12 characters of ``kernel.numbers``. Stored before the first call, the same
            for every repeat of the attempt, never used for another.
        quantity: How many pieces.
        at_most: What all of it may cost; None: not limited.
        inputs: ``InputField.key`` → what the buyer said. His words: never logged.
        callback_url: Where the supplier may tell us; None: the shop has no address that the world reaches.
    """

    number: str
    offer_ref: str
    quantity: int
    at_most: Money | None = None
    inputs: Mapping[str, Secret] = field(default_factory=dict)
    callback_url: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """Bought, and under way. ``note``: what the supplier says of it to the buyer.

    Without ``supplier_ref``, from a protocol that does not find our number, nobody but a person can fetch what was bought.
    """

    supplier_ref: str | None = None
    cost: Money | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """Bought and there.

    Attributes:
        goods: One text for each piece, exactly as it was given: leading zeros, line breaks within a code and all. Empty
            for a top-up.
        cost: What was charged for all of it; None: not said.
        receipt: What proves a top-up (an operator's serial number); no code.
    """

    goods: tuple[Secret, ...] = ()
    supplier_ref: str | None = None
    cost: Money | None = None
    receipt: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Partial:
    """Final, and only a part of it is there; for the rest the supplier gave back ``returned`` (None: not said).

    Attributes:
        delivered: How much of the quantity is there; for phone credit filled in pieces, how much of the face value in
            ``delivered_value`` instead.
    """

    goods: tuple[Secret, ...] = ()
    delivered: int = 0
    delivered_value: Money | None = None
    supplier_ref: str | None = None
    cost: Money | None = None
    returned: Money | None = None
    note: str = ""


class No(StrEnum):
    """Why a supplier refuses, as far as it changes what we do next."""

    OUT_OF_STOCK = "out_of_stock"
    OFF_SALE = "off_sale"
    PRICE = "price"
    """It costs more than we said we would pay."""
    BALANCE = "balance"
    """Our balance there is too low."""
    INPUT = "input"
    """What the buyer said is wrong: no other supplier would do better."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Refused:
    """A definite no to placing: nothing was bought, nothing was charged. ``said``: the supplier's words, cut."""

    why: No = No.OTHER
    said: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It was bought, did not work out, and is over. ``returned``: what came back to our balance; None: not said."""

    supplier_ref: str | None = None
    returned: Money | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class NotFound:
    """The supplier knows no purchase of this number. Proof only after ``Capabilities.absent_after_s``."""


Outcome = Accepted | Done | Partial | Refused | Failed | NotFound
"""What a supplier says of one purchase. ``place`` never answers ``NotFound``."""


@dataclass(frozen=True, slots=True)
class Told:
    """A verified callback.

    Attributes:
        number: Ours; empty if the supplier repeats only its own.
        outcome: What it says; None: it only says that there is something to ask about.
        offer_ref: It tells of an offer that changed, not of a purchase.
    """

    number: str = ""
    supplier_ref: str | None = None
    outcome: Outcome | None = None
    offer_ref: str | None = None


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One purchase as the supplier's own list has it. ``cost``: charged, less what was given back."""

    number: str
    supplier_ref: str
    cost: Money
    is_final: bool
    is_success: bool
    at: datetime


class Supplier(Protocol):
    """Somebody whom the shop buys from, under one account."""

    @property
    def name(self) -> str:
        """The name in the config."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the protocol, and the settings of this account, promise."""
        ...

    @property
    def callback_answer(self) -> str:
        """What the supplier wants to hear when we have stored its callback."""
        ...

    async def list_offers(self, cursor: str | None = None, *, since: datetime | None = None) -> OfferPage:
        """One page of what there is to buy. ``since``: only what changed, where the protocol can; else everything.

        Raises:
            RetryLater, Unknown, SupplierRefused: No list.
        """
        ...

    async def get_offer(self, ref: str) -> Offer | None:
        """One offer as it is now; None: not on sale any more.

        Raises:
            RetryLater, Unknown, SupplierRefused: Not told.
        """
        ...

    async def place(self, request: PurchaseRequest) -> Outcome:
        """Buy. Sent at most once: no retry below this line.

        Where a repeat is refused as known (``refuses_repeats``) that refusal is an ``Accepted``: the first arrived.

        Raises:
            RetryLater: Certainly not bought.
            Unknown: Perhaps bought.
            SupplierRefused: Certainly not bought, and it needs a person.
        """
        ...

    async def query(self, number: str, supplier_ref: str | None, *, placed_at: datetime) -> Outcome:
        """What became of a purchase. ``placed_at``: for protocols that search by time.

        Raises:
            RetryLater, Unknown, SupplierRefused: Not told; nothing follows from that.
        """
        ...

    async def balance(self) -> Money:
        """What we have there.

        Raises:
            RetryLater, Unknown, SupplierRefused: Not told.
        """
        ...

    async def statement(self, day: date) -> Sequence[StatementLine]:
        """What the supplier has charged on one day of its own calendar. Only with ``Capabilities.states_days``.

        Raises:
            RetryLater, Unknown, SupplierRefused: Not told.
        """
        ...

    def read_callback(self, callback: RawCallback) -> Told:
        """Verify a callback in constant time and read it.

        Raises:
            ForgedSupplierCallback: Wrong or missing signature, unreadable facts.
        """
        ...


class NoSuchSupplier(ShopError):
    """No supplier of that name is set up."""

    code = "supply.no_supplier"


class Suppliers:
    """The suppliers that are set up, by their names in the config."""

    def __init__(self, suppliers: Mapping[str, Supplier], *, public_url: str | None = None) -> None:
        """Keep the table. ``public_url``: how the world reaches this shop; None: no supplier can call back."""
        self._suppliers = dict(suppliers)
        self._public_url = public_url

    def get(self, name: str) -> Supplier:
        """A supplier by its name.

        Raises:
            NoSuchSupplier: Not set up.
        """
        try:
            return self._suppliers[name]
        except KeyError:
            raise NoSuchSupplier(supplier=name[:40]) from None

    def callback_url(self, name: str) -> str | None:
        """Where a supplier may tell us what became of a purchase."""
        return None if self._public_url is None else f"{self._public_url}/suppliers/{name}/callback"

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in the config's order."""
        return tuple(self._suppliers)
