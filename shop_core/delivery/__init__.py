"""Handing over, exactly once. Knows a line by its id and nothing of orders."""
