"""What may stand in a protocol file. Unknown keys are refused; ``description`` is what an error says was expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shop_core.kernel.money import BadAmount, minor_digits
from suppliers.declarative.signing import Digest, Letters

Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Path = Annotated[
    str,
    Field(
        pattern=r"^$|^[A-Za-z0-9_*-]+(\.[A-Za-z0-9_*-]+)*$",
        description="a path such as data.order.no, with * for every element of a list",
    ),
]
Page = Annotated[
    str, Field(pattern=r"^/?[A-Za-z0-9_./-]+$", description="a path such as /api/order, without a query")
]
Words = tuple[Text, ...]
State = Literal["accepted", "done", "partial", "failed", "unknown"]
Meaning = Literal["accepted", "done", "partial", "failed", "refused", "not_found", "unknown", "keys"]

NAME: Final = re.compile(r"\{([a-z_0-9]+(?:\.[A-Za-z0-9_]+)?)\}")
"""A value that is not literal: all of it is one name in braces."""

ALWAYS: Final = frozenset({"account", "timestamp", "timestamp_ms"})
PLACING: Final = ALWAYS | {"number", "offer", "quantity", "at_most", "callback_url", "inputs", "input"}
QUERYING: Final = ALWAYS | {"number", "supplier_ref"}
LISTING: Final = ALWAYS | {"page", "page_size"}
ONE_OFFER: Final = ALWAYS | {"offer"}
HEADERS: Final = ALWAYS | {"signature"}
PARTS: Final = ALWAYS | {"key", "method", "path", "body", "body_md5"}


class Wrong(ValueError):
    """Something that no single value shows; ``key`` is where to mend it."""

    def __init__(self, key: str, found: str, expected: str) -> None:
        super().__init__(f"{key}: found {found}; expected {expected}")
        self.key, self.found, self.expected = key, found, expected


def name_in(value: str) -> str | None:
    """The name that stands for the whole value; None: the value is literal."""
    match = NAME.fullmatch(value)
    return match[1] if match else None


def check_names(where: str, values: Mapping[str, str], known: frozenset[str]) -> None:
    """Refuse a value that is neither literal nor one known name.

    Raises:
        Wrong: Naming the value, and the names that would do there.
    """
    for key, value in values.items():
        name = name_in(value)
        base, dot, _ = (name or "").partition(".")
        is_known = base in known and bool(dot) == (base == "input")
        is_literal = name is None and not set(value) & set("{}")
        if not is_literal and not is_known:
            one_of = ", ".join(f"{{{each}}}" for each in sorted(known)).replace("{input}", "{input.KEY}")
            raise Wrong(f"{where}.{key}", f'"{value}"', f"a literal text, or all of it one of {one_of}")


class Table(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class About(Table):
    """What the file describes, and where its facts come from."""

    title: Text
    source: Text = Field(description="where the facts come from: document, address, date")
    currency: Text = "CNY"
    sends: Literal["form", "json", "query"] = Field("form", description='"form", "json" or "query"')

    @model_validator(mode="after")
    def _knows_its_currency(self) -> Self:
        try:
            minor_digits(self.currency)
        except BadAmount:
            raise Wrong("protocol.currency", f'"{self.currency}"', "a currency that the shop knows") from None
        return self


class SortedFields(Table):
    """Sign what is sent, in the order of names. ``field``: where the signature goes; empty: a header names it."""

    recipe: Literal["sorted_fields"]
    digest: Digest
    before_key: str = Field("", max_length=40)
    letters: Letters = "lower"
    field: str = Field("sign", max_length=40)


class Parts(Table):
    """Sign some texts, one after the other."""

    recipe: Literal["parts"]
    digest: Digest
    parts: tuple[Text, ...] = Field(
        min_length=1, description="texts, or names such as {timestamp_ms}, {body}, {key}"
    )
    join: str = Field("", max_length=4)
    letters: Letters = "lower"
    field: str = Field("", max_length=40)

    @model_validator(mode="after")
    def _knows_its_parts(self) -> Self:
        check_names("signing.parts", {str(i): part for i, part in enumerate(self.parts)}, PARTS)
        return self


Signing = Annotated[SortedFields | Parts, Field(discriminator="recipe")]


class Promises(Table):
    """What the protocol promises, as ``shop_core.supply.supplier.Capabilities`` means it; a connection may say other."""

    repeats_safely: bool = False
    refuses_repeats: bool = False
    finds_our_number: bool = False
    guards_price: bool = False
    absent_after_s: int = Field(
        0, ge=0, description="seconds; 0: that nothing is found never proves anything"
    )


class Answers(Table):
    """How every answer says yes, and which of its noes are none.

    ``keys_words``: it does not deal with us at all. ``unknown_words`` win over every code but yes.
    """

    code: Path
    yes: Words = Field(min_length=1)
    said: Path = ""
    unknown_words: Words = ()
    keys_words: Words = ()
    not_found_words: Words = ()


class PurchaseMap(Table):
    """Where the facts of one purchase stand, seen from the call's ``items``. What is empty, no answer tells."""

    number: Path = ""
    supplier_ref: Path = ""
    state: tuple[Path, ...] = ()
    cost: Path = ""
    quantity: Path = ""
    goods: Path = ""
    goods_fields: tuple[Path, ...] = Field((), description="paths within a piece, if it is a table")
    goods_lines: bool = False
    delivered_value: Path = ""
    returned: Path = ""
    receipt: Path = ""
    note: Path = ""


class NoWords(Table):
    """Words of a definite no, by what they change for us."""

    out_of_stock: Words = ()
    off_sale: Words = ()
    price: Words = ()
    balance: Words = ()
    input: Words = ()
    other: Words = ()


class Place(Table):
    """Buying. ``no_codes``, ``no_words``: certainly nothing was bought; any other answer but yes leaves it unknown.

    ``already_words``: a refusal because the number is known. It is no no: the first request arrived.
    """

    path: Page
    send: Mapping[str, str]
    items: Path = ""
    purchase: PurchaseMap
    no_codes: Words = ()
    any_other_code_is_no: bool = False
    already_words: Words = ()
    no_words: NoWords = NoWords()

    @model_validator(mode="after")
    def _knows_its_names(self) -> Self:
        check_names("place.send", self.send, PLACING)
        return self


class Query(Table):
    """Asking what became of a purchase. ``send_by_number``: where it is asked otherwise with our number alone."""

    path: Page
    send: Mapping[str, str]
    send_by_number: Mapping[str, str] = {}
    items: Path = ""
    purchase: PurchaseMap
    empty_is_not_found: bool = False

    @model_validator(mode="after")
    def _knows_its_names(self) -> Self:
        check_names("query.send", self.send, QUERYING)
        check_names("query.send_by_number", self.send_by_number, QUERYING)
        if not self.purchase.number and not self.purchase.supplier_ref:
            raise Wrong("query.purchase.number", "nothing", "a path to our number, or supplier_ref to theirs")
        return self


class Callback(Table):
    """What they tell by themselves. ``trust``: states that count as told; any other says only that it is time to ask."""

    answer: Text
    purchase: PurchaseMap
    trust: tuple[State, ...] = ()


class InputMap(Table):
    """Something that the buyer has to say, the same for every offer."""

    key: Text
    label: Text
    kind: Literal["text", "phone", "number", "email", "password"] = "text"


class KindMap(Table):
    """What an offer is, by a fact of it; ``otherwise`` where the table has no line."""

    at: Path
    table: Mapping[str, Literal["card", "top_up", "link"]]
    otherwise: Literal["card", "top_up", "link"]


class OnSaleMap(Table):
    """When an offer is on sale: the fact has one of these values."""

    at: Path
    values: Words = Field(min_length=1)


class OfferMap(Table):
    """Where the facts of an offer stand. ``inputs_at``: a list of what the buyer has to say, in the order of sending."""

    ref: Path = Field(min_length=1)
    name: Path = Field(min_length=1)
    cost: Path = Field(min_length=1)
    kind: Literal["card", "top_up", "link"] | KindMap = Field(
        description='"card", "top_up", "link", or a table { at, table, otherwise }'
    )
    face: Path = ""
    stock: Path = ""
    on_sale: OnSaleMap | None = None
    fewest: int | Path = Field(1, description="a number, or a path to one")
    most: int | Path | None = Field(None, description="a number, or a path to one")
    inputs: tuple[InputMap, ...] = ()
    inputs_at: Path = ""
    input_label: Path = ""


class Offers(Table):
    """The list. ``pages`` says how many there are; without it, a page that is not full is the last."""

    path: Page
    send: Mapping[str, str]
    items: Path
    offer: OfferMap
    first_page: int = Field(1, ge=0)
    page_size: int = Field(100, ge=1, le=1000)
    pages: Path = ""

    @property
    def has_pages(self) -> bool:
        """Whether the list is asked for page by page."""
        return "{page}" in self.send.values()

    @model_validator(mode="after")
    def _knows_its_names(self) -> Self:
        check_names("offers.send", self.send, LISTING)
        return self


class OneOffer(Table):
    """One offer as it is now."""

    path: Page
    send: Mapping[str, str]
    items: Path
    offer: OfferMap

    @model_validator(mode="after")
    def _knows_its_names(self) -> Self:
        check_names("offer.send", self.send, ONE_OFFER)
        return self


class Balance(Table):
    """What we have there."""

    path: Page
    send: Mapping[str, str]
    amount: Path = Field(min_length=1)

    @model_validator(mode="after")
    def _knows_its_names(self) -> Self:
        check_names("balance.send", self.send, ALWAYS)
        return self


class SignatureVector(Table):
    """A signature worked out elsewhere. ``key`` is made up, never a real one."""

    key: Text
    fields: Mapping[str, str] = {}
    account: str = ""
    method: str = "POST"
    path: str = ""
    timestamp: int = 0
    body: str = ""
    expected: Text


class AnswerVector(Table):
    """An answer, and what it means; what is given of the rest must be read so too."""

    to: Literal["place", "query", "callback"] = Field(description='"place", "query" or "callback"')
    answer: Text = Field(description="JSON; for a callback an object of its fields", max_length=4000)
    means: Meaning
    number: str = "P202601010001"
    quantity: int = 1
    supplier_ref: str | None = None
    cost: str | None = None
    goods: tuple[str, ...] | None = None
    why: str | None = None


class Vectors(Table):
    """What the file proves itself by, each time it is loaded."""

    signatures: tuple[SignatureVector, ...] = Field(
        min_length=1, description="at least one [[vectors.signatures]]"
    )
    answers: tuple[AnswerVector, ...] = Field(min_length=1, description="at least one [[vectors.answers]]")


class Protocol(Table):
    """A whole file."""

    protocol: About
    signing: Signing
    headers: Mapping[str, str] = {}
    promises: Promises = Promises()
    answers: Answers
    states: Mapping[str, State] = {}
    place: Place
    query: Query
    callback: Callback | None = None
    offers: Offers
    offer: OneOffer | None = None
    balance: Balance
    vectors: Vectors

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        check_names("headers", self.headers, HEADERS)
        is_in_header = "{signature}" in self.headers.values()
        if bool(self.signing.field) == is_in_header:
            expected = "the signature in one place: signing.field, or a header with the value {signature}"
            raise Wrong("signing.field", "two places" if is_in_header else "none", expected)
        if self.callback is not None and self.signing.recipe != "sorted_fields":
            raise Wrong(
                "callback",
                "a callback",
                "none: only what sorted_fields signs can be verified; it is asked for",
            )
        self._can_keep_its_promises()
        return self

    def _can_keep_its_promises(self) -> None:
        if self.promises.guards_price and "{at_most}" not in self.place.send.values():
            raise Wrong("promises.guards_price", "true", "a value {at_most} in place.send, or false")
        if self.promises.finds_our_number and not self.asks_by_number:
            raise Wrong(
                "promises.finds_our_number", "true", "a value {number} in query.send or query.send_by_number"
            )

    @property
    def asks_by_number(self) -> bool:
        """Whether it says how to ask with our number alone."""
        named = self.query.send_by_number or self.query.send
        return "{number}" in named.values() and "{supplier_ref}" not in named.values()
