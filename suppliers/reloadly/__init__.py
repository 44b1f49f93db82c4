"""Reloadly: gift cards and airtime (phone credit) of many countries, from one prepaid account.

Source: ``openapi/`` of Reloadly/reloadly-api-documentation (c774a73, 2022) and the packages ``reloadly-*`` on PyPI; read in
2026-11. The document is four years old: whatever it does not say is unknown.
"""
