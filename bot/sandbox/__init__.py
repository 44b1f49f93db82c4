"""Vendors to play with: separate processes that speak real protocols and import nothing of the shop."""
