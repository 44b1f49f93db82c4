"""acg-faka (异次元): an open-source card shop that lends its stock to other shops, the protocol's type 0.

Source: ``app/Controller/Shared``, ``app/Service/Bind/{Shared,Order}.php``, ``app/Util/Str.php`` of lizhipay/acg-faka 3.6.0,
read in 2026-11.
"""
