"""An acg-faka shop that lends its stock (异次元 共享店铺, type 0), as its published source describes it."""

from tests.standins.suppliers.acg_faka.shop import AcgShop

VENDOR = AcgShop
