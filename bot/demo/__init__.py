"""A believable shop to try: seeded goods, a sandbox cashier beside it, customer and staff side by side."""
