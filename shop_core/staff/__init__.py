"""Who runs the shop, and the record of what they did."""
