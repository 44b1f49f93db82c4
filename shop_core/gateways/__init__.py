"""Gateways that are spoken to over HTTP, one module each. Only the wiring names them."""
