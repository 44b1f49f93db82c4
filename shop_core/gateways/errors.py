"""Refusals of gateways."""

from __future__ import annotations

from shop_core.kernel.errors import ShopError


class BadGatewaySettings(ShopError):
    """The shop cannot take money like this and does not start. Says what is wrong, never the key."""

    code = "gateways.bad_settings"
