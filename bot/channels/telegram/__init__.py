"""The shop as a Telegram bot. The library knows the protocol; queues and memory are the shop's own tables."""
