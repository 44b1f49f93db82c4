"""What a supplier can deliver is there: for who waits for it to be back, and for other shops that buy here."""

from __future__ import annotations

from bot.web.upstream_goods import one_product
from shop_core.delivery.restock import tell_waves, wish
from tests.core.wholesaler import a_trade


async def test_what_a_supplier_has_is_told_to_whoever_waits_and_to_other_shops(database_url: str) -> None:
    async with a_trade(database_url) as trade:
        variant = await trade.a_variant(trade.first)
        [product] = await trade.market.rows("SELECT product_id FROM variants WHERE id = :of", of=variant)
        await trade.market.sql("UPDATE supply_offers SET stock = 0")
        await trade.market.shop.write(wish, await trade.market.a_customer(), variant)
        assert await tell_waves(trade.market.shop) == 0
        told = await trade.market.shop.read(one_product, product["product_id"])
        assert told["skus"][0]["stock_status"] == "out_of_stock"
        await trade.market.sql("UPDATE supply_offers SET stock = 7")
        told = await trade.market.shop.read(one_product, product["product_id"])
        assert told["skus"][0]["stock_quantity"] == 7
        assert await tell_waves(trade.market.shop) == 1
        await trade.market.sql("UPDATE variants SET price_held = :held", held=True)
        told = await trade.market.shop.read(one_product, product["product_id"])
        assert told["skus"][0]["stock_quantity"] == 0
