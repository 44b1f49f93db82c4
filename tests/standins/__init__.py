"""Stand-ins for the vendors the shop talks to; each is written from the vendor's reference."""
