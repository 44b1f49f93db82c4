"""What a buyer says for a direct top-up, on its way into an order."""

from __future__ import annotations

from collections.abc import Mapping

from shop_core.catalog.read import get_variant_for_sale
from shop_core.customers.people import Customer
from shop_core.db.shop import Shop
from shop_core.delivery.inputs import SealedInputs, seal_inputs
from shop_core.kernel.secret import Secret
from shop_core.vault.vault import Vault


async def say_inputs(
    shop: Shop, customer: Customer, variant_id: int, key: str, said: Mapping[str, Secret]
) -> SealedInputs:
    """Check what a buyer says against what is asked now, and seal it. Nothing is kept yet: ``Wish`` takes it along.

    Args:
        key: The one-time key that the order is going to be placed with.

    Raises:
        NoSuchVariant: Not for sale (any more).
        BadInput: One answer is missing or wrong.
    """
    variant = await shop.read(get_variant_for_sale, variant_id)
    told = {name: answer.reveal() for name, answer in said.items()}
    return seal_inputs(shop.get(Vault), customer.person_id, key, variant.fields, told)
