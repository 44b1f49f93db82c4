"""The first shop: people, goods, orders, money, and the tables that keep work from being lost."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0001"
down_revision: Final = None

ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON: Final = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT: Final = sa.BigInteger()
"""Microseconds since 1970, UTC."""
MINOR: Final = sa.BigInteger()
"""Money in the currency's minor unit."""


def upgrade() -> None:
    _inbox_and_outbox()
    _ledger()
    _people()
    _staff()
    _conversations()
    _cases()
    _messages()
    _catalog()
    _stock()
    _payments()
    _orders()
    _deliveries()
    _exposures()


def _only(condition: str) -> dict[str, Any]:
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _claim() -> tuple[sa.Column[Any], ...]:
    """What a worker needs to take a row for a while."""
    return (
        sa.Column("due_at", MOMENT),
        sa.Column("token", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
    )


def _inbox_and_outbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("external_id", sa.String(120), nullable=False),
        sa.Column("lane", sa.String(160), nullable=False),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("done_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("source", "external_id", name="uq_inbox_source_external_id"),
    )
    op.create_index("ix_inbox_lane_pending", "inbox", ["lane", "id"], **_only("done_at IS NULL"))
    op.create_index("ix_inbox_done_at", "inbox", ["done_at"])
    op.create_table(
        "lanes",
        sa.Column("lane", sa.String(160), nullable=False),
        sa.Column("leased_until", MOMENT, nullable=False),
        sa.Column("token", sa.BigInteger()),
        sa.PrimaryKeyConstraint("lane", name="pk_lanes"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("consumer", sa.String(60), nullable=False),
        sa.Column("event", sa.String(60), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        *_claim(),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("holder", sa.String(80), nullable=False),
        sa.Column("held_until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _ledger() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_entries"),
        sa.UniqueConstraint("key", name="uq_ledger_entries_key"),
    )
    op.create_table(
        "ledger_postings",
        sa.Column("id", ID, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", MINOR, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_postings"),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.id"], name="fk_ledger_postings_entry_id"),
    )
    op.create_index("ix_ledger_postings_account", "ledger_postings", ["account", "id"])
    op.create_index("ix_ledger_postings_entry", "ledger_postings", ["entry_id"])
    op.create_table(
        "ledger_balances",
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", MINOR, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_ledger_balances"),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_ledger_balances_not_negative")),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )
    op.create_table(
        "identities",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(128), nullable=False),
        sa.Column("unreachable_since", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.UniqueConstraint("channel", "external_id", name="uq_identities_channel_external_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_identities_person_id"),
    )
    op.create_index("ix_identities_person", "identities", ["person_id"])


def _staff() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(170), nullable=False),
        sa.Column("command", sa.String(80), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("outcome", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])


def _conversations() -> None:
    op.create_table(
        "prompts",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(128), nullable=False),
        sa.Column("link", sa.String(120), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel", "external_id", name="pk_prompts"),
    )
    op.create_table(
        "used_keys",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("result", sa.BigInteger(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "key", name="pk_used_keys"),
    )
    op.create_index("ix_used_keys_used_at", "used_keys", ["used_at"])


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT),
        sa.Column("closed_by", sa.String(170)),
        sa.Column("resolution", sa.String(120)),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index(
        "uq_cases_open", "cases", ["kind", "subject_id"], unique=True, **_only("closed_at IS NULL")
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", ID, nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(128), nullable=False),
        sa.Column("cause", sa.String(80), nullable=False),
        sa.Column("news", sa.String(40), nullable=False),
        sa.Column("args", JSON, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("problem", sa.String(200)),
        *_claim(),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("cause", "channel", "external_id", name="uq_messages_cause_channel_external_id"),
    )
    op.create_index("ix_messages_due", "messages", ["channel", "due_at"], **_only("due_at IS NOT NULL"))
    op.create_table(
        "shown_messages",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(128), nullable=False),
        sa.Column("slot", sa.String(80), nullable=False),
        sa.Column("message_ref", sa.String(64), nullable=False),
        sa.Column("other_refs", JSON, nullable=False),
        sa.Column("has_media", sa.Boolean(), nullable=False),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
        sa.Column("shown_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel", "external_id", "slot", name="pk_shown_messages"),
    )


def _catalog() -> None:
    op.create_table(
        "categories",
        sa.Column("id", ID, nullable=False),
        sa.Column("parent_id", sa.BigInteger()),
        sa.Column("names", JSON, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_categories"),
        sa.ForeignKeyConstraint(["parent_id"], ["categories.id"], name="fk_categories_parent_id"),
    )
    op.create_index("ix_categories_parent", "categories", ["parent_id", "position"])
    op.create_table(
        "products",
        sa.Column("id", ID, nullable=False),
        sa.Column("category_id", sa.BigInteger()),
        sa.Column("names", JSON, nullable=False),
        sa.Column("descriptions", JSON, nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_products"),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name="fk_products_category_id"),
    )
    op.create_index("ix_products_category", "products", ["category_id", "position"])
    op.create_table(
        "variants",
        sa.Column("id", ID, nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("price_minor", MINOR, nullable=False),
        sa.Column("cost_minor", MINOR, nullable=False),
        sa.Column("per_order", sa.Integer()),
        sa.Column("per_person", sa.Integer()),
        sa.Column("sell_until_days", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_variants"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_variants_product_id"),
        sa.CheckConstraint("price_minor > 0", name=op.f("ck_variants_price_positive")),
        sa.CheckConstraint("per_order > 0", name=op.f("ck_variants_per_order_positive")),
        sa.CheckConstraint("per_person > 0", name=op.f("ck_variants_per_person_positive")),
    )
    op.create_index("ix_variants_product", "variants", ["product_id", "position"])


def _stock() -> None:
    op.create_table(
        "batches",
        sa.Column("id", ID, nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(120), nullable=False),
        sa.Column("cost_minor", MINOR, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.Column("imported_by", sa.String(170), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_index("ix_batches_variant", "batches", ["variant_id"])
    op.create_table(
        "cards",
        sa.Column("id", ID, nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("cost_minor", MINOR, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(16), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("line_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_cards"),
        sa.UniqueConstraint("fingerprint", name="uq_cards_fingerprint"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_cards_batch_id"),
    )
    shelf = ["variant_id", "expires_on", "batch_id", "place"]
    op.create_index("ix_cards_shelf", "cards", shelf, **_only("state = 'available'"))
    op.create_index("ix_cards_line", "cards", ["line_id"], **_only("line_id IS NOT NULL"))


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("subject_id", sa.BigInteger()),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(128), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", MINOR, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("qr", sa.Text()),
        sa.Column("gateway_ref", sa.String(80)),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT),
        sa.Column("settled_at", MOMENT),
        *_claim(),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint("number", name="uq_payments_number"),
    )
    op.create_index("ix_payments_subject", "payments", ["purpose", "subject_id"])
    op.create_index("ix_payments_due_at", "payments", ["due_at"], **_only("due_at IS NOT NULL"))
    op.create_table(
        "receipts",
        sa.Column("id", ID, nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("external_ref", sa.String(80), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("payment_id", sa.BigInteger()),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", MINOR, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("resolved_at", MOMENT),
        sa.Column("resolved_by", sa.String(170)),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
        sa.UniqueConstraint("gateway", "external_ref", name="uq_receipts_gateway_external_ref"),
    )
    op.create_index("ix_receipts_payment", "receipts", ["payment_id"])
    op.create_index("ix_receipts_suspense", "receipts", ["id"], **_only("state = 'suspense'"))


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.String(8), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(128), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("total_minor", MINOR, nullable=False),
        sa.Column("paid_with", sa.String(40)),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("paid_at", MOMENT),
        sa.Column("delivered_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.UniqueConstraint("number", name="uq_orders_number"),
    )
    op.create_index("ix_orders_person", "orders", ["person_id", "id"])
    op.create_index("ix_orders_awaiting_person", "orders", ["person_id"], **_only("state = 'awaiting'"))
    op.create_index("ix_orders_awaiting_expiry", "orders", ["expires_at"], **_only("state = 'awaiting'"))
    op.create_index("ix_orders_undelivered", "orders", ["id"], **_only("state = 'paid'"))
    op.create_table(
        "order_lines",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("list_minor", MINOR, nullable=False),
        sa.Column("discount_minor", MINOR, nullable=False),
        sa.Column("paid_minor", MINOR, nullable=False),
        sa.Column("cost_minor", MINOR, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_order_lines"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_lines_order_id"),
    )
    op.create_index("ix_order_lines_order", "order_lines", ["order_id"])
    op.create_index("ix_order_lines_person", "order_lines", ["person_id", "variant_id"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", ID, nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("delivered_at", MOMENT, nullable=False),
        sa.Column("revealed_at", MOMENT),
        sa.Column("returned_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("line_id", name="uq_deliveries_line_id"),
    )
    op.create_table(
        "reveals",
        sa.Column("id", ID, nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(170), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reveals"),
    )
    op.create_index("ix_reveals_line", "reveals", ["line_id"])


def _exposures() -> None:
    op.create_table(
        "exposures",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exposures"),
    )
    op.create_index("ix_exposures_product_at", "exposures", ["product_id", "at"])
