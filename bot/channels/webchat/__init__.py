"""The web chat: a page, a WebSocket, and the screens of the shop as JSON."""
