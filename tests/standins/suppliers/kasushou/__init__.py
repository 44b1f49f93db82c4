"""A 卡速售 (kasushou) site, as its document of API v2 describes it."""

from tests.standins.suppliers.kasushou.site import KasushouSite

VENDOR = KasushouSite
