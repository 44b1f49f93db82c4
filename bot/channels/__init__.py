"""Where people talk with the shop: one package per chat app."""
