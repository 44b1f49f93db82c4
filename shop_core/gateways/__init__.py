"""Gateways that are spoken to over HTTP, a folder each. Only the wiring names them."""
