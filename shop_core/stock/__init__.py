"""Codes on the shelf: batches, cards, holds."""
