"""A cashier for all these tests, a Bot API stand-in and a shop for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.db.tx import Tx
from shop_core.stock.import_codes import Import, import_codes
from tests.e2e.phone_credit import a_wholesaler
from tests.e2e.stage import Stage, an_open_shop
from tests.proof.premises import EPAY_KEY, EPAY_PID
from tests.standins.cashier import CashierControl, running_cashier
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.telegram import TelegramStandIn, TelegramUser

CODE = '<&>"🎁 AB-12'


@pytest.fixture(scope="module")
def cashier() -> Iterator[CashierControl]:
    with running_cashier(pid=EPAY_PID, key=EPAY_KEY, options=("--retry-after", "0,0.2,1")) as control:
        yield control


@pytest.fixture
def tg() -> Iterator[TelegramStandIn]:
    with TelegramStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def site() -> Iterator[SupplierControl]:
    """A wholesaler of credit, for a shop that sells it on demand."""
    with a_wholesaler() as control:
        yield control


@pytest.fixture
async def stage(
    database_url: str, tmp_path: Path, cashier: CashierControl, tg: TelegramStandIn
) -> AsyncIterator[Stage]:
    """A shop with one product, 1500 fen, two codes; and one that is hidden."""
    async with an_open_shop(tmp_path, database_url, cashier, tg) as opened:
        await _stock(opened)
        yield opened


@pytest.fixture
async def stars_stage(
    database_url: str, tmp_path: Path, cashier: CashierControl, tg: TelegramStandIn
) -> AsyncIterator[Stage]:
    """The same shop, whose bot takes Stars at 0.10 each and nothing else."""
    async with an_open_shop(tmp_path, database_url, cashier, tg, has_stars=True) as opened:
        await _stock(opened)
        yield opened


@pytest.fixture
async def sqlite_stars_stage(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl, tg: TelegramStandIn
) -> AsyncIterator[Stage]:
    """The same, for what no database makes a difference to."""
    async with an_open_shop(tmp_path, sqlite_url, cashier, tg, has_stars=True) as opened:
        await _stock(opened)
        yield opened


@pytest.fixture
async def hooked_stars_stage(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl, tg: TelegramStandIn
) -> AsyncIterator[Stage]:
    """The same, where Telegram brings updates."""
    async with an_open_shop(tmp_path, sqlite_url, cashier, tg, has_stars=True, is_hooked=True) as opened:
        await _stock(opened)
        yield opened


async def _stock(stage: Stage) -> None:
    variant_id = await stage.shop.write(_add_goods)
    codes = f"{CODE}\nCD-34".encode()
    await import_codes(stage.shop, Import(variant_id, "codes.txt", codes, "shell:e2e"))


@pytest.fixture
def user(tg: TelegramStandIn) -> TelegramUser:
    return tg.user(first_name="小明", language_code="zh-hans")


def _add_goods(tx: Tx) -> int:
    hidden = add_product(tx, NewProduct({"zh": "内部商品", "en": "Not for sale"}))
    add_variant(tx, NewVariant(hidden, 100))
    set_state(tx, hidden, ProductState.HIDDEN)
    product_id = add_product(tx, NewProduct({"zh": "月卡", "en": "Month card"}))
    variant_id = add_variant(tx, NewVariant(product_id, 1500, cost_minor=1200))
    set_state(tx, product_id, ProductState.PUBLISHED)
    return variant_id
