"""Reloadly's three hosts under one roof, as its OpenAPI repository of 2022 describes them."""

from tests.standins.suppliers.reloadly.site import ReloadlyHosts

VENDOR = ReloadlyHosts
