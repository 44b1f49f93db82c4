"""The open platform of 福禄 (Fulu), as its documents are quoted by the clients that agree about them."""

from tests.standins.suppliers.fulu.platform import FuluPlatform

VENDOR = FuluPlatform
