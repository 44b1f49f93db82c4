"""Every table of the shop, for migrations and checks: importing this imports all models."""

from __future__ import annotations

from typing import Final

from sqlalchemy import MetaData

from shop_core.cases import models as cases
from shop_core.catalog import models as catalog
from shop_core.conversations import models as conversations
from shop_core.conversations import upload_links
from shop_core.customers import models as customers
from shop_core.db import inbox, leases, outbox_table
from shop_core.db.base import Base
from shop_core.delivery import models as delivery
from shop_core.delivery import restock
from shop_core.insight import models as insight
from shop_core.jobs import models as jobs
from shop_core.ledger import models as ledger
from shop_core.messaging import (
    access_tokens,
    allowance,
    choices,
    nonces,
    pace,
    parcels,
    passive,
    pulls,
    vendor_ids,
)
from shop_core.messaging import models as messaging
from shop_core.orders import models as orders
from shop_core.pairing import models as pairing
from shop_core.payments import health
from shop_core.payments import models as payments
from shop_core.pricing import models as pricing
from shop_core.reconciliation import models as reconciliation
from shop_core.resale import models as resale
from shop_core.staff import models as staff
from shop_core.stock import models as stock
from shop_core.supply import models as supply
from shop_core.threads import handovers
from shop_core.threads import models as threads
from shop_core.verification import models as verification

AREAS: Final = (
    access_tokens,
    allowance,
    cases,
    catalog,
    choices,
    conversations,
    customers,
    delivery,
    handovers,
    health,
    inbox,
    insight,
    jobs,
    leases,
    ledger,
    messaging,
    nonces,
    orders,
    outbox_table,
    pace,
    pairing,
    parcels,
    passive,
    payments,
    pulls,
    reconciliation,
    pricing,
    resale,
    restock,
    staff,
    stock,
    threads,
    supply,
    upload_links,
    vendor_ids,
    verification,
)

METADATA: Final[MetaData] = Base.metadata
