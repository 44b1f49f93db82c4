"""A dayuanren (大猿人) V2 site, as the copies of its document describe it."""

from tests.standins.suppliers.dayuanren.site import DayuanrenSite

VENDOR = DayuanrenSite
