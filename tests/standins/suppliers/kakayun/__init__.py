"""A kakayun (卡卡云) site, as its document's copies and the clients of it describe it."""

from tests.standins.suppliers.kakayun.site import KakayunSite

VENDOR = KakayunSite
