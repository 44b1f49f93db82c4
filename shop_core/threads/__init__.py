"""What customers and the shop write to each other."""
