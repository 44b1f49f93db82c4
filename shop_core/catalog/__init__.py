"""What the shop offers: a tree of categories, products with free attributes, variants with a price."""
