"""Every table that can say something of a customer: whether his file has it, and whether erasing him leaves it alone.

Tests compare this with the metadata, and with what erasing does: a new table is not overlooked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shop_core.cases.models import Case
from shop_core.conversations.models import (
    FormRow,
    PromptRow,
    SignInLink,
    StaffLogin,
    StaffSession,
    UsedKey,
)
from shop_core.conversations.upload_links import UploadLink
from shop_core.customers.models import Identity, Password, PasswordTries, Person, PersonChange
from shop_core.db.base import Base
from shop_core.db.inbox import InboxRow, LaneRow
from shop_core.db.outbox_table import OutboxRow
from shop_core.delivery.models import Delivery, LineInputs, Reveal, Task, TopUpProof
from shop_core.delivery.restock import RestockWish
from shop_core.insight.models import Exposure
from shop_core.jobs.models import JobRow
from shop_core.ledger.models import Balance, Entry, Posting
from shop_core.messaging.allowance import AllowanceRow
from shop_core.messaging.choices import ChoiceRow
from shop_core.messaging.models import Message, ShownMessage
from shop_core.messaging.parcels import Parcel
from shop_core.messaging.passive import PassiveAnswer
from shop_core.orders.models import Order, OrderLine
from shop_core.pairing.models import Pairing
from shop_core.payments.models import Payment, Receipt, Refund
from shop_core.reconciliation.models import ReconciledDay, ReconciledLine
from shop_core.resale.models import DownstreamOrder, Reseller
from shop_core.staff.models import AuditRow, InvitationRow, StaffRow
from shop_core.stock.models import Batch, Card
from shop_core.supply.models import Purchase, PurchaseAsk
from shop_core.threads.handovers import Handover
from shop_core.threads.models import Thread, ThreadFile, ThreadMessage
from shop_core.verification.models import CodeCount, ContactCode, VerifiedContact

EXPORTED: Final[tuple[type[Base], ...]] = (
    Person,
    Identity,
    Password,
    PersonChange,
    Order,
    OrderLine,
    Delivery,
    Reveal,
    LineInputs,
    Payment,
    Receipt,
    Refund,
    Balance,
    Posting,
    Entry,
    Thread,
    ThreadMessage,
    ThreadFile,
    RestockWish,
    Message,
    Reseller,
    DownstreamOrder,
    VerifiedContact,
)
"""His file tells what is his of these."""

_WORK: Final = "how far a piece of work for him is; gone soon after it is done"
_STAFF: Final = "what staff do and may, not what customers did"
_SHOWN: Final = "what his screen shows or asks at this moment; nothing that is not said elsewhere"

LEFT_OUT: Final[Mapping[type[Base], str]] = {
    Card: "codes: he opens them in the order, where each look is recorded; the file says how many there are",
    TopUpProof: "that an account was topped up, and the receipt, which he opens in the order",
    Task: "staff's side of a direct top-up; the order says what came of it",
    Purchase: "what the shop bought elsewhere, under what number and price; the order says what came of it",
    PurchaseAsk: "the same: what was asked of a supplier, and what it said",
    Case: "notes of the shop about its own work",
    Exposure: "counts what screens showed; nobody looks it up by person, and no index leads there",
    Pairing: "a code on its way from one of his channels to another; gone in minutes",
    ContactCode: "a code on its way to a number or address of his; gone in minutes",
    CodeCount: "how many codes were sent, for a day; whoever asked for them may be another",
    UsedKey: "random keys of buttons, forgotten after a while",
    PasswordTries: "how often somebody guessed, for an hour; whoever guessed may be another",
    ReconciledDay: _STAFF,
    ReconciledLine: "the lists of gateways beside ours; payments are told as payments",
    PromptRow: _SHOWN,
    FormRow: _SHOWN,
    ChoiceRow: _SHOWN,
    ShownMessage: _SHOWN,
    PassiveAnswer: _SHOWN,
    Parcel: _WORK,
    Handover: "that an agent had his conversation, and when; what was said in it is among the messages",
    AllowanceRow: "how many messages a channel still lets us send",
    InboxRow: "his messages on their way to being handled, sealed, and emptied then",
    LaneRow: _WORK,
    OutboxRow: _WORK,
    Batch: _STAFF,
    AuditRow: _STAFF,
    StaffRow: _STAFF,
    InvitationRow: _STAFF,
    SignInLink: _STAFF,
    StaffSession: _STAFF,
    StaffLogin: _STAFF,
    UploadLink: _STAFF,
    JobRow: _STAFF,
}
"""What the file does not tell, and why."""

_BOOKS: Final = "books, which the law wants kept: they name him by a number"
_GOODS: Final = "what became of goods that he bought, by the number of his order's line"
_PASSES: Final = "goes by itself within hours or days"

STAYS: Final[Mapping[type[Base], str]] = {
    OrderLine: _BOOKS,
    Receipt: "books; and whom the gateway says that has paid, without which no money could go back",
    Refund: _BOOKS,
    Balance: _BOOKS,
    Posting: _BOOKS,
    ReconciledDay: _STAFF,
    ReconciledLine: _BOOKS,
    Delivery: _GOODS,
    Card: _GOODS,
    Task: _GOODS,
    Purchase: _GOODS,
    PurchaseAsk: _GOODS,
    Exposure: "what was shown to a number that is nobody",
    PassiveAnswer: _PASSES,
    AllowanceRow: _PASSES,
    InboxRow: _PASSES,
    LaneRow: "the letter by which he asked for it holds his; swept when it has been silent for long",
    Batch: _STAFF,
    StaffRow: _STAFF,
    InvitationRow: _STAFF,
    SignInLink: _STAFF,
    StaffSession: _STAFF,
    StaffLogin: _STAFF,
    UploadLink: _STAFF,
    JobRow: _STAFF,
}
"""What erasing somebody leaves alone, and why."""
