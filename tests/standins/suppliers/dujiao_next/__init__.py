"""A dujiao-next site, as its Open API document of 2026-04 and the published server code describe it."""

from tests.standins.suppliers.dujiao_next.site import DujiaoSite

VENDOR = DujiaoSite
